"""What a user sees of their alerts, and how they say how they want to be told."""

from __future__ import annotations

import asyncio
from datetime import time, timedelta

import pytest

from session_core.alerts import raising
from session_core.clock import utcnow
from session_core.core import Core
from session_core.domain.alerts import AlertKind, AlertPreferences, MailStatus, QuietHours
from session_core.domain.status import ReasonCode
from session_core.services import accounts, alerts
from session_core.store import alerts as store
from session_core.store.engine import Database
from session_core.store.models import AlertPreference
from tests.factories import add_account, add_user
from tests.integration.services.conftest import Two

K = AlertKind
NIGHT = QuietHours(start=time(22), until=time(7, 30), time_zone="Europe/Madrid")


async def begin(core: Core, two: Two, kind: AlertKind, *, ago: timedelta = timedelta(0)) -> None:
    async with core.db.begin() as session:
        await raising.begin(
            session,
            core.settings,
            user_id=two.ana,
            kind=kind,
            account_id=two.account_id if kind is not K.HOST_LOST else None,
            subject="host-1",
            reason_code=ReasonCode.UNLINKED,
            now=utcnow() - ago,
        )


async def end(core: Core, two: Two, kind: AlertKind) -> None:
    async with core.db.begin() as session:
        alert_id = await store.open_about(session, two.account_id, kind)
        assert alert_id is not None
        await store.resolve(session, [alert_id], utcnow())


async def test_what_is_wrong_now_comes_first(core: Core, two: Two) -> None:
    await begin(core, two, K.HOST_LOST, ago=timedelta(days=90))
    await begin(core, two, K.DOWN, ago=timedelta(hours=2))
    await begin(core, two, K.NEEDS_PERSON, ago=timedelta(hours=1))
    await end(core, two, K.NEEDS_PERSON)
    await begin(core, two, K.BACKUP_FAILING, ago=timedelta(days=31))
    await end(core, two, K.BACKUP_FAILING)
    found = await alerts.list_alerts(core, two.ana)
    assert [alert.kind for alert in found] == [K.DOWN, K.HOST_LOST, K.NEEDS_PERSON]
    down, host, person = found
    assert (down.account_id, down.account_name, down.reason_code) == (two.account_id, "Shop", ReasonCode.UNLINKED)
    assert (host.account_id, host.account_name) == (None, None)
    assert down.resolved_at is None
    assert person.resolved_at is not None
    assert down.mail is MailStatus.OFF
    assert [alert.kind for alert in await alerts.list_alerts(core, two.ana, limit=1)] == [K.DOWN]


async def test_nobody_elses(core: Core, two: Two) -> None:
    await begin(core, two, K.DOWN)
    await begin(core, two, K.HOST_LOST)
    assert await alerts.list_alerts(core, two.eva) == []


async def test_of_a_deleted_account_none(core: Core, two: Two) -> None:
    await begin(core, two, K.DOWN)
    await accounts.delete(core, two.ana, two.account_id)
    assert await alerts.list_alerts(core, two.ana) == []


@pytest.mark.parametrize("limit", [-1, 0, 10**9])
async def test_any_limit_is_one(core: Core, two: Two, limit: int) -> None:
    await begin(core, two, K.DOWN)
    assert len(await alerts.list_alerts(core, two.ana, limit=limit)) == 1


async def test_without_a_word_everything_is_mailed_in_spanish(core: Core, two: Two) -> None:
    assert await alerts.preferences(core, two.ana) == AlertPreferences(language="es")


@pytest.mark.parametrize(
    "wanted",
    [
        AlertPreferences(language="en", off=frozenset({K.BACK, K.DOWN}), quiet_hours=NIGHT),
        AlertPreferences(off=frozenset(K)),
        AlertPreferences(),
    ],
)
async def test_what_is_said_stays_said(core: Core, two: Two, wanted: AlertPreferences) -> None:
    await alerts.set_preferences(core, two.ana, AlertPreferences(language="en", quiet_hours=NIGHT))
    await alerts.set_preferences(core, two.ana, wanted)
    assert await alerts.preferences(core, two.ana) == wanted
    assert await alerts.preferences(core, two.eva) == AlertPreferences()


async def test_a_kind_of_another_version_is_left_out(core: Core, two: Two) -> None:
    async with core.db.begin() as session:
        session.add(AlertPreference(user_id=two.ana, language="fr", off=["down", "earthquake"]))
    assert await alerts.preferences(core, two.ana) == AlertPreferences(off=frozenset({K.DOWN}))


async def test_a_zone_that_is_none_any_more_keeps_nobody_from_being_told(core: Core, two: Two) -> None:
    async with core.db.begin() as session:
        row = AlertPreference(user_id=two.ana, language="en", off=[], time_zone="Europe/Atlantis")
        row.quiet_start, row.quiet_until = NIGHT.start, NIGHT.until
        session.add(row)
    assert await alerts.preferences(core, two.ana) == AlertPreferences(language="en")


async def test_two_clicks_at_once(core: Core, two: Two) -> None:
    wanted = [AlertPreferences(language="en"), AlertPreferences(quiet_hours=NIGHT)]
    await asyncio.gather(*(alerts.set_preferences(core, two.ana, one) for one in wanted * 3))
    assert await alerts.preferences(core, two.ana) in wanted


async def test_they_go_with_their_user(core: Core, database: Database) -> None:
    user_id = await add_user(database)
    two = Two(user_id, user_id, await add_account(database, user_id))
    await begin(core, two, K.DOWN)
    await begin(core, two, K.HOST_LOST)
    await alerts.set_preferences(core, user_id, AlertPreferences(language="en"))
    async with core.db.begin() as session:
        await session.delete(await session.get(store.Account, two.account_id))
    assert [alert.kind for alert in await alerts.list_alerts(core, user_id)] == [K.HOST_LOST]
