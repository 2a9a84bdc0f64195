"""What a page knows of its accounts, over a real store and bus."""

from __future__ import annotations

from datetime import timedelta

import pytest

from session_core.bus.hosts import Heartbeat, beat
from session_core.clock import utcnow
from session_core.core import Core
from session_core.domain.events import SessionChanged
from session_core.domain.status import ReasonCode, SessionStatus
from session_core.services import accounts
from session_core.services.live import RESYNC
from session_core.store import host_runs
from tests.factories import add_account, add_user
from whahook_app.states.accounts_model import LOOK_EVERY, AccountsModel
from whahook_app.states.upkeep_model import UpkeepModel


@pytest.fixture
def database_kind() -> str:
    """The model asks services only, which are tried on both databases."""
    return "sqlite"


async def host_says(core: Core, running: int) -> None:
    await beat(
        core.redis, Heartbeat(host_id="one", at=utcnow(), running=running, room_for=8 - running, chromium_sandbox=True)
    )


async def test_the_hosts_are_looked_at_while_things_happen(core: Core) -> None:
    user_id = await add_user(core.db)
    account_id = await add_account(core.db, user_id)
    now = 0.0
    model = AccountsModel(core, user_id, lambda: now)
    await host_says(core, 0)
    await model.apply([RESYNC])
    assert model.capacity.running == 0

    async def again(status: SessionStatus) -> SessionChanged:
        snapshot = await accounts.get(core, user_id, account_id)
        return SessionChanged(user_id=user_id, session=snapshot.model_copy(update={"status": status}))

    await host_says(core, 1)
    await model.apply([await again(SessionStatus.READY)])
    assert model.capacity.running == 1, "a session began or ended"

    await host_says(core, 2)
    await model.apply([await again(SessionStatus.READY)])
    assert model.capacity.running == 1, "not at every event"
    now += LOOK_EVERY.total_seconds() + 1
    await model.apply([await again(SessionStatus.READY)])
    assert model.capacity.running == 2, "but now and then"


async def test_a_host_that_falls_silent_changes_the_page_and_so_does_its_return(core: Core) -> None:
    user_id = await add_user(core.db)
    started = utcnow() - timedelta(hours=1)
    fields = {"status": SessionStatus.READY, "host_id": "one", "status_since": started}
    account_id = await add_account(core.db, user_id, **fields)
    async with core.db.begin() as session:
        run = await host_runs.begin(session, "one", started_at=started, now=utcnow())
    now = 100.0
    model = AccountsModel(core, user_id, lambda: now)
    await model.apply([RESYNC])
    assert model.snapshots[account_id].status is SessionStatus.READY

    async with core.db.begin() as session:
        await host_runs.seen(session, run, started)
    assert await model.apply([]) is False, "not at every look"
    now += LOOK_EVERY.total_seconds() + 1
    assert await model.apply([]) is True
    lost = model.snapshots[account_id]
    assert (lost.status, lost.reason_code) == (SessionStatus.RECONNECTING, ReasonCode.HOST_LOST)
    bar = UpkeepModel(core, user_id).day(lost, utcnow())
    assert timedelta(minutes=59) < bar.down < timedelta(minutes=61)

    await host_says(core, 1)
    now += LOOK_EVERY.total_seconds() + 1
    assert await model.apply([]) is True
    assert model.snapshots[account_id].status is SessionStatus.READY
