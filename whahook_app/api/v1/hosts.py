"""Hosts: which there are, and moving an account to another one."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query

from session_core.services import hosts
from whahook_app.api.deps import CoreDep, UserDep
from whahook_app.api.host_schemas import Host, Move
from whahook_app.api.responses import OWNED, SIGNED_IN, problems
from whahook_app.api.schemas import Account

router = APIRouter(tags=["hosts"])


@router.get("/hosts", responses=SIGNED_IN | problems(404))
async def list_hosts(
    who: UserDep,
    core: CoreDep,
    account_id: Annotated[
        UUID | None, Query(alias="accountId", description="one's account; each host then tells whether it can go there")
    ] = None,
) -> list[Host]:
    """List the hosts that are alive."""
    return [Host.of(host) for host in await hosts.list_hosts(core, who.user_id, account_id)]


@router.post("/accounts/{account_id}/move", status_code=202, responses=OWNED | problems(409))
async def move_account(account_id: UUID, body: Move, who: UserDep, core: CoreDep) -> Account:
    """Have the account closed, its login handed over and opened on another host; it is ready again within seconds.

    ``movingTo`` names that host until it has the account. When it cannot be done, the account stays where it is and
    its activity says ``move_failed``.
    """
    return Account.of(await hosts.move(core, who.user_id, account_id, body.host_id))
