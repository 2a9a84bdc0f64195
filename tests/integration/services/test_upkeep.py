"""How accounts have been doing, out of the database."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

import pytest

from session_core.clock import utcnow
from session_core.core import Core
from session_core.domain.status import SessionStatus
from session_core.errors import NotFound
from session_core.services import upkeep
from session_core.store import accounts
from session_core.store.models import Activity
from tests.factories import add_account
from tests.integration.services.conftest import Two

S = SessionStatus


async def was(core: Core, account_id: UUID, *lines: tuple[float, SessionStatus | None]) -> None:
    async with core.db.begin() as session:
        for days, status in lines:
            session.add(
                Activity(account_id=account_id, kind="status", status=status, at=utcnow() - timedelta(days=days))
            )


async def test_a_week_begins_with_what_was_before(core: Core, two: Two) -> None:
    other = await add_account(core.db, two.ana)
    await was(core, two.account_id, (20, S.QR), (9, S.READY), (8, None), (3, S.ERROR), (2, None), (1, S.READY))
    await was(core, other, (30, S.READY), (10, S.STOPPED))
    await was(core, await add_account(core.db, two.eva), (1, S.READY))
    found = await upkeep.status_lines(core, two.ana)
    assert [line.status for line in found if line.account_id == two.account_id] == [S.READY, S.ERROR, S.READY]
    assert [line.status for line in found if line.account_id == other] == [S.STOPPED]
    assert len(found) == 4


async def test_a_deleted_account_has_no_history_any_more(core: Core, two: Two) -> None:
    await was(core, two.account_id, (1, S.READY))
    async with core.db.begin() as session:
        await accounts.mark_deleted(session, two.account_id, utcnow())
    assert await upkeep.status_lines(core, two.ana) == []


async def test_the_host_is_told_to_the_owner_only(core: Core, two: Two) -> None:
    assert await upkeep.host_of(core, two.ana, two.account_id) == ""
    running = await add_account(core.db, two.ana, host_id="host-1")
    assert await upkeep.host_of(core, two.ana, running) == "host-1"
    with pytest.raises(NotFound):
        await upkeep.host_of(core, two.eva, running)
