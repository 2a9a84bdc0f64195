"""Looks at real rows: what is raised, once, and what is over."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest

from session_core.alerts import raising, round
from session_core.alerts.judge import HOST_LOST_AFTER
from session_core.alerts.round import look
from session_core.bus import hosts
from session_core.clock import utcnow
from session_core.core import Core, open_core
from session_core.domain.alerts import AlertKind, MailStatus
from session_core.domain.status import ReasonCode, SessionStatus
from session_core.services import accounts
from session_core.settings import Settings
from session_core.store import accounts as rows
from session_core.store import activity
from session_core.store import alerts as store
from tests import factories
from tests.integration.alerts.scene import (
    HOST,
    alerts,
    asked,
    beat,
    kinds,
    linked_account,
    owner,
    relinked,
    say,
    set_runtime,
    unlinked,
)
from tests.waiting import eventually

K, S, R = AlertKind, SessionStatus, ReasonCode
MINUTE = timedelta(minutes=1)
LONG = 10 * MINUTE


async def test_needs_a_person_then_back(core: Core) -> None:
    account_id = await linked_account(core)
    await look(core, utcnow())
    assert await alerts(core) == []
    await unlinked(core, account_id)
    await look(core, utcnow())
    await look(core, utcnow())
    (alert,) = await alerts(core)
    assert (alert.kind, alert.account_id, alert.reason_code) == (K.NEEDS_PERSON, account_id, R.UNLINKED)
    assert alert.mail is MailStatus.WAITING

    await accounts.connect(core, alert.user_id, account_id)
    await say(core, account_id, S.QR, R.UNLINKED)
    await say(core, account_id, S.ACTION_REQUIRED, R.QR_EXPIRED, give_up=True)
    await look(core, utcnow())
    (alert,) = await alerts(core)
    assert alert.reason_code is R.QR_EXPIRED, "the same trouble, as it is now"

    await relinked(core, account_id)
    await look(core, utcnow())
    await look(core, utcnow())
    assert sorted(await kinds(core)) == [K.BACK, K.NEEDS_PERSON]
    assert await kinds(core, is_open=True) == []
    news = next(one for one in await alerts(core) if one.kind is K.BACK)
    problem = next(one for one in await alerts(core) if one.kind is K.NEEDS_PERSON)
    assert problem.resolved_by == news.id


async def test_two_looks_at_once_say_everything_once(core: Core, settings: Settings) -> None:
    ids = [await linked_account(core) for _ in range(5)]
    async with open_core(settings) as other:
        for account_id in ids:
            await unlinked(core, account_id)
        await asyncio.gather(*(look(one, utcnow()) for one in (core, other, core, other)))
        assert await kinds(core) == [K.NEEDS_PERSON] * 5
        for account_id in ids:
            await relinked(core, account_id)
        await asyncio.gather(*(look(one, utcnow()) for one in (core, other, core, other)))
    assert sorted(await kinds(core)) == [K.BACK] * 5 + [K.NEEDS_PERSON] * 5


async def test_a_look_that_took_too_long_does_not_write_what_was_true_before(
    core: Core, monkeypatch: pytest.MonkeyPatch
) -> None:
    account_id = await linked_account(core)
    await unlinked(core, account_id)
    reading = hosts.alive

    async def meanwhile(redis: object) -> list[hosts.Heartbeat]:
        await relinked(core, account_id)
        return await reading(redis)

    with monkeypatch.context() as patch:
        patch.setattr(round.hosts, "alive", meanwhile)
        await look(core, utcnow())
    assert await alerts(core) == []


class TestDown:
    async def test_since_it_broke_whatever_was_tried_meanwhile(self, core: Core) -> None:
        account_id = await linked_account(core)
        await say(core, account_id, S.READY, ago=LONG)
        await say(core, account_id, S.RECONNECTING, R.OFFLINE, ago=6 * MINUTE)
        await say(core, account_id, S.LOADING, R.OFFLINE, ago=2 * MINUTE, line=False)
        await say(core, account_id, S.RECONNECTING, R.PAGE_CRASHED, ago=MINUTE)
        await look(core, utcnow() - 2 * MINUTE)
        assert await alerts(core) == []
        await look(core, utcnow())
        (alert,) = await alerts(core)
        assert (alert.kind, alert.reason_code) == (K.DOWN, R.PAGE_CRASHED)

    async def test_it_starts_anew_after_it_was_ready(self, core: Core) -> None:
        account_id = await linked_account(core)
        await say(core, account_id, S.RECONNECTING, R.OFFLINE, ago=LONG)
        await say(core, account_id, S.READY, ago=4 * MINUTE)
        await say(core, account_id, S.RECONNECTING, R.OFFLINE, ago=3 * MINUTE)
        await look(core, utcnow())
        assert await alerts(core) == []

    async def test_weeks_of_being_stopped_are_not_being_down(self, core: Core) -> None:
        account_id = await linked_account(core)
        await say(core, account_id, S.READY, ago=timedelta(days=30))
        await say(core, account_id, S.STOPPED, R.REQUESTED, ago=timedelta(days=20))
        await set_runtime(core, account_id, desired="stopped")
        await look(core, utcnow())
        await accounts.connect(core, await owner(core, account_id), account_id)
        await say(core, account_id, S.QUEUED, R.REQUESTED, line=False)
        await look(core, utcnow())
        assert await alerts(core) == []
        await look(core, utcnow() + 6 * MINUTE)
        assert await kinds(core) == [K.DOWN]

    async def test_a_restart_that_does_not_come_back(self, core: Core) -> None:
        account_id = await linked_account(core)
        await say(core, account_id, S.READY, ago=timedelta(days=1))
        await accounts.restart(core, await owner(core, account_id), account_id)
        await asked(core, account_id, 6 * MINUTE)
        await set_runtime(core, account_id, status=S.LAUNCHING, status_since=utcnow() - MINUTE)
        await look(core, utcnow())
        assert await kinds(core) == [K.DOWN]

    async def test_without_any_history_the_row_counts(self, core: Core) -> None:
        await linked_account(core, status=S.LOADING, status_since=utcnow() - LONG)
        await linked_account(core, status=S.LOADING, status_since=utcnow() - MINUTE)
        await look(core, utcnow())
        assert await kinds(core) == [K.DOWN]

    async def test_messages_in_the_history_are_no_news_of_the_connection(self, core: Core) -> None:
        account_id = await linked_account(core)
        await say(core, account_id, S.READY, ago=LONG)
        await say(core, account_id, S.RECONNECTING, R.OFFLINE, ago=6 * MINUTE)
        async with core.db.begin() as session:
            await activity.add(session, account_id, "message_in")
        await look(core, utcnow())
        assert await kinds(core) == [K.DOWN]

    async def test_its_owner_gives_it_up(self, core: Core) -> None:
        account_id = await linked_account(core, status=S.RECONNECTING, status_since=utcnow() - LONG)
        await look(core, utcnow())
        await accounts.disconnect(core, await owner(core, account_id), account_id)
        await look(core, utcnow())
        assert await kinds(core) == [K.DOWN]
        assert await kinds(core, is_open=True) == []


class TestHosts:
    async def lose(self, core: Core, *, after: timedelta = HOST_LOST_AFTER) -> None:
        """Look at a host that says nothing more, for the first time and then again."""
        await hosts.leave(core.redis, HOST)
        now = utcnow()
        await look(core, now)
        await look(core, now + after)

    async def test_a_lost_host_is_told_once_to_each_who_has_accounts_there(self, core: Core) -> None:
        ana, eva = await factories.add_user(core.db), await factories.add_user(core.db)
        for user_id in (ana, ana, eva):
            await linked_account(core, user_id, host_id=HOST)
        await linked_account(core, host_id="host-ffffffffffff")
        await beat(core, "host-ffffffffffff")
        await beat(core)
        await look(core, utcnow())
        assert await alerts(core) == []
        await self.lose(core)
        found = await alerts(core)
        assert {(alert.kind, alert.user_id, alert.subject) for alert in found} == {
            (K.HOST_LOST, ana, HOST),
            (K.HOST_LOST, eva, HOST),
        }
        assert len(found) == 2
        await beat(core)
        await look(core, utcnow() + 2 * MINUTE)
        assert sorted(await kinds(core)) == [K.BACK, K.BACK, K.HOST_LOST, K.HOST_LOST]
        assert await kinds(core, is_open=True) == []

    async def test_a_restart_is_none(self, core: Core) -> None:
        await linked_account(core, host_id=HOST)
        await self.lose(core, after=HOST_LOST_AFTER - timedelta(seconds=1))
        await beat(core)
        await look(core, utcnow() + HOST_LOST_AFTER)
        await self.lose(core, after=HOST_LOST_AFTER - timedelta(seconds=1))
        assert await alerts(core) == []

    async def test_another_host_takes_over(self, core: Core) -> None:
        account_id = await linked_account(core, host_id=HOST)
        await self.lose(core)
        await say(core, account_id, S.READY, R.RESTORED, host_id="host-ffffffffffff")
        await beat(core, "host-ffffffffffff")
        await look(core, utcnow() + 2 * MINUTE)
        assert sorted(await kinds(core)) == [K.BACK, K.HOST_LOST]

    async def test_its_accounts_are_down_after_a_while_although_their_rows_say_ready(self, core: Core) -> None:
        account_id = await linked_account(core, host_id=HOST)
        await self.lose(core, after=core.settings.alert_down_after)
        down = [alert for alert in await alerts(core) if alert.kind is K.DOWN]
        assert [(alert.account_id, alert.reason_code) for alert in down] == [(account_id, R.HOST_STOPPED)]

    async def test_an_old_heartbeat_is_silence(self, core: Core) -> None:
        await linked_account(core, host_id=HOST)
        last = hosts.Heartbeat(host_id=HOST, at=utcnow(), running=1, room_for=0, chromium_sandbox=True)
        await hosts.beat(core.redis, last, alive_for=timedelta(milliseconds=1))

        async def silent() -> bool:
            return [lives for _, lives in await hosts.known(core.redis)] == [False]

        await eventually(silent)
        now = utcnow()
        await look(core, now)
        await look(core, now + HOST_LOST_AFTER)
        assert await kinds(core) == [K.HOST_LOST]


class TestBackups:
    async def test_failing_is_told_once_until_one_works(self, core: Core) -> None:
        account_id = await linked_account(core)
        await raising.backup_failing(core, account_id, "the disk is full")
        await raising.backup_failing(core, account_id, "the disk is still full")
        (alert,) = await alerts(core)
        assert (alert.kind, alert.account_id, alert.detail) == (K.BACKUP_FAILING, account_id, "the disk is full")
        await look(core, utcnow())
        assert await kinds(core, is_open=True) == [K.BACKUP_FAILING]
        await raising.backup_works(core, account_id)
        await raising.backup_works(core, account_id)
        assert await kinds(core) == [K.BACKUP_FAILING]
        assert await kinds(core, is_open=True) == []
        await raising.backup_failing(core, account_id, "again")
        assert await kinds(core) == [K.BACKUP_FAILING] * 2

    async def test_of_an_account_that_is_gone(self, core: Core) -> None:
        account_id = await linked_account(core)
        await accounts.delete(core, await owner(core, account_id), account_id)
        await raising.backup_failing(core, account_id, "gone")
        assert await alerts(core) == []


async def test_a_deleted_account_is_nobodys_trouble(core: Core) -> None:
    account_id = await linked_account(core)
    await unlinked(core, account_id)
    await look(core, utcnow())
    await accounts.delete(core, await owner(core, account_id), account_id)
    await look(core, utcnow())
    assert await kinds(core) == [K.NEEDS_PERSON]
    assert await kinds(core, is_open=True) == []
    async with core.db.begin() as session:
        await rows.purge(session, account_id)
    assert await alerts(core) == []


async def test_without_a_mail_server_alerts_are_shown_and_not_mailed(core: Core, settings: Settings) -> None:
    account_id = await linked_account(core)
    await unlinked(core, account_id)
    async with open_core(settings.model_copy(update={"smtp_host": None})) as bare:
        await look(bare, utcnow())
    (alert,) = await alerts(core)
    assert alert.mail is MailStatus.OFF


async def test_old_alerts_are_forgotten_but_not_what_waits(core: Core) -> None:
    ids = [await linked_account(core) for _ in range(3)]
    for account_id in ids:
        await unlinked(core, account_id)
    await look(core, utcnow())
    first, second, _ = await alerts(core)
    async with core.db.begin() as session:
        await store.resolve(session, [first.id, second.id], utcnow() - timedelta(days=100))
        row = await session.get(store.Alert, first.id)
        assert row is not None
        row.mail = MailStatus.SENT
        session.add(row)
    async with core.db.begin() as session:
        await store.forget_old(session, utcnow() - timedelta(days=90))
    assert first.id not in {alert.id for alert in await alerts(core)}
    assert len(await alerts(core)) == 2
