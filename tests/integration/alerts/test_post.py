"""E-mails of alerts, handed to a real mail server: each once, whatever the server does."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from pydantic import SecretStr

from session_core.alerts import mail_policy, post
from session_core.alerts.post import send
from session_core.alerts.round import look
from session_core.clock import utcnow
from session_core.core import Core, open_core
from session_core.domain.alerts import AlertKind, AlertPreferences, MailNote, MailStatus
from session_core.domain.status import ReasonCode, SessionStatus
from session_core.services import alerts as service
from session_core.store.models import Alert
from tests import factories
from tests.fakes.databases import AwayAtFirstDatabase
from tests.integration.alerts.scene import (
    HOST,
    alerts,
    beat,
    linked_account,
    make_due,
    relinked,
    say,
    set_runtime,
    unlinked,
)
from tests.servers.smtp import PASSWORD, USER, MailServer, certified, mute_server, running_smtp, subject
from tests.waiting import eventually

K, M, S = AlertKind, MailStatus, SessionStatus


async def trouble(core: Core, user_id: UUID | None = None) -> UUID:
    """Make an account that needs a person, with its alert; returns the alert's id."""
    account_id = await linked_account(core, user_id)
    await unlinked(core, account_id)
    await look(core, utcnow())
    return next(alert.id for alert in await alerts(core) if alert.account_id == account_id)


async def read(core: Core, alert_id: UUID) -> Alert:
    return next(alert for alert in await alerts(core) if alert.id == alert_id)


async def alert_of(core: Core, kind: AlertKind) -> Alert:
    return next(alert for alert in await alerts(core) if alert.kind is kind)


@asynccontextmanager
async def changed(core: Core, **settings: Any) -> AsyncIterator[Core]:
    """Give another core with other settings of the mail server."""
    async with open_core(core.settings.model_copy(update=settings)) as other:
        yield other


async def test_it_is_sent_to_its_owner_once(core: Core, smtp: MailServer) -> None:
    alert_id = await trouble(core)
    assert await send(core, alert_id) == "sent"
    (message,) = smtp.taken
    assert message["To"] == smtp.receivers[0]
    assert message["Message-ID"] == f"<alert-{alert_id}@wa.example.org>"
    assert subject(message) == "«Shop» necesita que hagas algo"
    text = message.get_body(("plain",)).get_content()
    alert = await read(core, alert_id)
    assert "El teléfono desvinculó este dispositivo." in text
    assert f"https://wa.example.org/settings/connections#account-{alert.account_id}" in text
    assert (alert.mail, alert.tries, alert.mail_note) == (M.SENT, 1, MailNote.NONE)
    assert alert.sent_at is not None
    assert await send(core, alert_id) == "nothing to do"
    await make_due(core)
    assert await send(core, alert_id) == "nothing to do"
    assert len(smtp.taken) == 1


async def test_any_number_of_jobs_at_once_send_one(core: Core, smtp: MailServer) -> None:
    alert_id = await trouble(core)
    async with changed(core) as other:
        answers = await asyncio.gather(*(send(one, alert_id) for one in (core, other) * 4))
    assert sorted(answers) == ["nothing to do"] * 7 + ["sent"]
    assert len(smtp.taken) == 1


async def test_an_alert_that_is_gone(core: Core, smtp: MailServer) -> None:
    assert await send(core, UUID(int=7)) == "nothing to do"
    assert smtp.connections == 0


async def test_good_news_answers_the_bad(core: Core, smtp: MailServer) -> None:
    alert_id = await trouble(core)
    await send(core, alert_id)
    account_id = (await read(core, alert_id)).account_id
    assert account_id is not None
    await relinked(core, account_id)
    await look(core, utcnow())
    await send(core, (await alert_of(core, K.BACK)).id)
    first, second = smtp.taken
    assert second["In-Reply-To"] == first["Message-ID"]
    assert subject(second) == "«Shop» vuelve a estar conectada"


async def test_what_is_over_before_it_was_told_is_never_told(core: Core, smtp: MailServer) -> None:
    alert_id = await trouble(core)
    account_id = (await read(core, alert_id)).account_id
    assert account_id is not None
    await relinked(core, account_id)
    await look(core, utcnow())
    for alert in await alerts(core):
        await send(core, alert.id)
    assert smtp.taken == []
    notes = {alert.kind: (alert.mail, alert.mail_note) for alert in await alerts(core)}
    assert notes == {
        K.NEEDS_PERSON: (M.SKIPPED, MailNote.SOLVED_BEFORE),
        K.BACK: (M.SKIPPED, MailNote.NOTHING_TOLD),
    }


async def test_the_next_problem_of_an_account_waits_and_that_of_another_does_not(core: Core, smtp: MailServer) -> None:
    user_id = await factories.add_user(core.db)
    long_ago = utcnow() - timedelta(hours=1)
    account_id = await linked_account(core, user_id, status=S.RECONNECTING, status_since=long_ago)
    await look(core, utcnow())
    await send(core, (await alert_of(core, K.DOWN)).id)
    await say(core, account_id, S.READY)
    await look(core, utcnow())
    await set_runtime(core, account_id, status=S.RECONNECTING)
    await say(core, account_id, S.RECONNECTING, ReasonCode.OFFLINE, ago=timedelta(minutes=9))
    await look(core, utcnow())
    (second,) = [alert for alert in await alerts(core) if alert.resolved_at is None]
    assert await send(core, second.id) == "nothing to do"
    waiting = await read(core, second.id)
    assert (waiting.mail, waiting.mail_note) == (M.WAITING, MailNote.QUIET)
    assert timedelta(minutes=29) < waiting.next_try_at - utcnow() < timedelta(minutes=30)
    await send(core, await trouble(core, user_id))
    assert [subject(message) for message in smtp.taken] == [
        "«Shop» sigue sin conexión",
        "«Shop» necesita que hagas algo",
    ]


async def test_preferences_count_until_the_last_moment(core: Core, smtp: MailServer) -> None:
    first, second = await trouble(core), await trouble(core)
    for alert_id, wanted in (
        (first, AlertPreferences(language="en")),
        (second, AlertPreferences(off=frozenset({K.NEEDS_PERSON}))),
    ):
        await service.set_preferences(core, (await read(core, alert_id)).user_id, wanted)
        await send(core, alert_id)
    assert [subject(message) for message in smtp.taken] == ["“Shop” needs you"]
    assert (await read(core, second)).mail_note is MailNote.KIND_OFF


async def test_a_lost_host_is_one_email_and_not_one_for_each_account(core: Core, smtp: MailServer) -> None:
    user_id = await factories.add_user(core.db)
    for _ in range(3):
        await linked_account(core, user_id, host_id=HOST)
    await look(core, utcnow())
    await look(core, utcnow() + core.settings.alert_down_after)
    assert len(await alerts(core)) == 4
    await make_due(core, raised_at=utcnow())
    for alert in sorted(await alerts(core), key=lambda one: one.kind):
        await send(core, alert.id)
    (message,) = smtp.taken
    assert "Shop, Shop, Shop" in message.get_body(("plain",)).get_content()
    await beat(core)
    await look(core, utcnow())
    await make_due(core)
    for alert in await alerts(core):
        await send(core, alert.id)
    assert [subject(message) for message in smtp.taken][1:] == ["Tus cuentas de WhatsApp vuelven a tener servidor"]


class TestEncryption:
    @pytest.mark.parametrize("implicit", [False, True])
    async def test_with_a_login(
        self, core: Core, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, implicit: bool
    ) -> None:
        context, trusted = certified(tmp_path)
        monkeypatch.setenv("SSL_CERT_FILE", str(trusted))
        alert_id = await trouble(core)
        how = {"smtp_tls": "on" if implicit else "off", "smtp_starttls": "off" if implicit else "on"}
        async with running_smtp(tls=context, implicit=implicit, auth=True) as server:
            login = {"smtp_username": USER, "smtp_password": SecretStr(PASSWORD)}
            async with changed(core, smtp_port=server.port, **how, **login) as encrypted:
                assert await send(encrypted, alert_id) == "sent"
        assert server.encrypted == [True]
        assert server.logins == [USER]

    async def test_a_certificate_that_nobody_vouches_for(self, core: Core, tmp_path: Path) -> None:
        context, _ = certified(tmp_path)
        alert_id = await trouble(core)
        async with (
            running_smtp(tls=context) as server,
            changed(core, smtp_port=server.port, smtp_starttls="on") as encrypted,
        ):
            assert await send(encrypted, alert_id) == "not sent: mail_server_away"
        assert server.taken == []

    async def test_encryption_is_demanded_not_tried(self, core: Core, smtp: MailServer) -> None:
        alert_id = await trouble(core)
        async with changed(core, smtp_starttls="on") as encrypted:
            assert await send(encrypted, alert_id) == "not sent: mail_server_away"
        assert smtp.taken == []

    async def test_a_wrong_password_is_tried_again_later_and_not_told(
        self, core: Core, capsys: pytest.CaptureFixture[str]
    ) -> None:
        alert_id = await trouble(core)
        async with running_smtp(auth=True) as server:
            login = {"smtp_username": USER, "smtp_password": SecretStr("hunter2")}
            async with changed(core, smtp_port=server.port, **login) as wrong:
                assert await send(wrong, alert_id) == "not sent: mail_server_away"
        assert server.taken == []
        assert (await read(core, alert_id)).mail is M.WAITING
        shown = capsys.readouterr()
        assert "hunter2" not in shown.out + shown.err


class TestTroubleWithTheServer:
    async def later(self, core: Core, alert_id: UUID) -> Alert:
        """Return the alert, after a try that failed for now."""
        alert = await read(core, alert_id)
        assert (alert.mail, alert.mail_note) == (M.WAITING, MailNote.SERVER_AWAY)
        assert utcnow() < alert.next_try_at <= utcnow() + mail_policy.BACKOFF_CAP
        return alert

    async def test_greylisting_says_no_first_and_yes_later(self, core: Core, smtp: MailServer) -> None:
        smtp.rcpt = ["451 4.7.1 come back later", "450 4.2.0 not yet"]
        alert_id = await trouble(core)
        pauses = []
        for tries in (1, 2):
            assert await send(core, alert_id) == "not sent: mail_server_away"
            alert = await self.later(core, alert_id)
            assert alert.tries == tries
            pauses.append(alert.next_try_at - utcnow())
            assert await send(core, alert_id) == "nothing to do", "not before its time"
            await make_due(core)
        assert pauses[0] < pauses[1]
        assert await send(core, alert_id) == "sent"
        assert len(smtp.taken) == 1

    async def test_a_server_that_takes_no_content_now(self, core: Core, smtp: MailServer) -> None:
        smtp.data = ["452 4.3.1 no room"]
        alert_id = await trouble(core)
        assert await send(core, alert_id) == "not sent: mail_server_away"
        await self.later(core, alert_id)

    @pytest.mark.parametrize("when", ["rcpt", "data"])
    async def test_a_refusal_for_good_ends_it(self, core: Core, smtp: MailServer, when: str) -> None:
        setattr(smtp, when, ["550 5.1.1 no such person"])
        alert_id = await trouble(core)
        assert await send(core, alert_id) == "not sent: mail_refused"
        alert = await read(core, alert_id)
        assert (alert.mail, alert.mail_note) == (M.FAILED, MailNote.REFUSED)
        await make_due(core)
        assert await send(core, alert_id) == "nothing to do"
        assert smtp.connections == 1

    async def test_an_address_that_the_server_cannot_take(self, core: Core) -> None:
        alert_id = await trouble(core)
        user_id = (await read(core, alert_id)).user_id
        async with core.db.begin() as session:
            user = await session.get(factories.User, user_id)
            assert user is not None
            user.email = "ñandú@example.org"
            session.add(user)
        async with running_smtp(smtputf8=False) as old, changed(core, smtp_port=old.port) as other:
            assert await send(other, alert_id) == "not sent: mail_refused"
        await make_due(core, mail=M.WAITING)
        assert await send(core, alert_id) == "sent"

    async def test_nobody_there(self, core: Core) -> None:
        async with mute_server() as port:
            pass
        alert_id = await trouble(core)
        async with changed(core, smtp_port=port) as nobody:
            assert await send(nobody, alert_id) == "not sent: mail_server_away"
        await self.later(core, alert_id)

    async def test_a_server_that_says_nothing(self, core: Core, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(post, "SEND_TIMEOUT", timedelta(milliseconds=300))
        alert_id = await trouble(core)
        async with mute_server() as port, changed(core, smtp_port=port) as mute:
            assert await send(mute, alert_id) == "not sent: mail_server_away"
        await self.later(core, alert_id)

    async def test_a_server_that_hangs_with_the_email_in_its_hands(
        self, core: Core, smtp: MailServer, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        smtp.hangs = 1
        monkeypatch.setattr(post, "SEND_TIMEOUT", timedelta(seconds=1))
        alert_id = await trouble(core)
        assert await send(core, alert_id) == "not sent: mail_server_away"
        assert smtp.hanging.is_set()
        await make_due(core)
        assert await send(core, alert_id) == "sent"
        assert len(smtp.taken) == 1

    async def test_after_a_day_it_is_given_up_and_says_so(
        self, core: Core, smtp: MailServer, capsys: pytest.CaptureFixture[str]
    ) -> None:
        smtp.rcpt = ["451 later"] * 2
        alert_id = await trouble(core)
        await send(core, alert_id)
        await make_due(core, first_try_at=utcnow() - mail_policy.TRIED_FOR)
        assert await send(core, alert_id) == "not sent: mail_server_away"
        alert = await read(core, alert_id)
        assert (alert.mail, alert.mail_note) == (M.FAILED, MailNote.GIVEN_UP)
        assert "alert_mail_given_up" in capsys.readouterr().out


class TestDeaths:
    async def test_a_job_that_died_is_followed_by_another_with_the_same_id(self, core: Core, smtp: MailServer) -> None:
        """Cancelled where a SIGKILL would hit: the server has the e-mail and has not said yes."""
        smtp.hangs = 1
        alert_id = await trouble(core)
        dying = asyncio.ensure_future(send(core, alert_id))  # noqa: TID251
        await asyncio.wait_for(smtp.hanging.wait(), 10)
        assert await send(core, alert_id) == "nothing to do", "it is somebody's"
        dying.cancel()
        with pytest.raises(asyncio.CancelledError):
            await dying
        await make_due(core)
        assert await send(core, alert_id) == "sent"
        (message,) = smtp.taken
        assert message["Message-ID"] == f"<alert-{alert_id}@wa.example.org>"

    async def test_who_reaches_the_server_too_late_sends_nothing(
        self, core: Core, smtp: MailServer, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        alert_id = await trouble(core)
        opening = post.MailServer.open

        async def slow(server: post.MailServer) -> None:
            await opening(server)
            await make_due(core)
            monkeypatch.undo()
            assert await send(core, alert_id) == "sent"

        monkeypatch.setattr(post.MailServer, "open", slow)
        assert await send(core, alert_id) == "taken over"
        assert len(smtp.taken) == 1

    async def test_the_database_goes_away_after_the_servers_yes(self, core: Core, smtp: MailServer) -> None:
        alert_id = await trouble(core)
        smtp.hangs = 1
        database = AwayAtFirstDatabase(core.settings.database_url)
        async with changed(core) as other:
            object.__setattr__(other, "db", database)
            sending = asyncio.ensure_future(send(other, alert_id))  # noqa: TID251
            await asyncio.wait_for(smtp.hanging.wait(), 10)
            database.away_for = 3
            smtp.go_on.set()
            assert await asyncio.wait_for(sending, 20) == "sent"
            await database.close()
        assert database.away_for == 0
        await eventually(lambda: len(smtp.taken) == 1)
        assert (await read(core, alert_id)).mail is M.SENT
