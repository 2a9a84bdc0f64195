"""How an account's session is, what it takes, and how much room there is."""

from __future__ import annotations

from uuid import UUID

from fastapi import APIRouter

from session_core.services import accounts, health, upkeep
from whahook_app.api.condition_schemas import AccountUptime, Capacity, Health, Resources
from whahook_app.api.deps import CoreDep, UserDep
from whahook_app.api.responses import OWNED, SIGNED_IN

router = APIRouter(tags=["accounts"])


@router.get("/accounts/{account_id}/health", responses=OWNED)
async def get_health(account_id: UUID, who: UserDep, core: CoreDep) -> Health:
    """Tell whether the account's page is alive, and what shows that. ``unknown`` while it is not connected."""
    return Health.of(await accounts.health(core, who.user_id, account_id))


@router.get("/accounts/{account_id}/uptime", responses=OWNED)
async def get_uptime(account_id: UUID, who: UserDep, core: CoreDep) -> AccountUptime:
    """Tell when the account was up in the last 24 hours and seven days, as a share and in segments.

    Time in which its owner had it stopped, or had not linked it yet, counts neither way.
    """
    return AccountUptime.of(await upkeep.uptimes(core, who.user_id, account_id))


@router.get("/accounts/{account_id}/resources", responses=OWNED)
async def get_resources(account_id: UUID, who: UserDep, core: CoreDep) -> Resources:
    """Show what the account's browser took in the last hour: memory and CPU, a sample a minute, the oldest first."""
    return Resources.of(await accounts.resources(core, who.user_id, account_id))


@router.get("/capacity", responses=SIGNED_IN)
async def get_capacity(who: UserDep, core: CoreDep) -> Capacity:
    """Tell how many sessions run on all hosts and how many more fit. What does not fit waits in line."""
    return Capacity.of(await health.capacity(core))
