"""How an account's session is."""

from __future__ import annotations

from uuid import UUID

from fastapi import APIRouter

from session_core.services import accounts
from whahook_app.api.condition_schemas import Health
from whahook_app.api.deps import CoreDep, UserDep
from whahook_app.api.responses import OWNED

router = APIRouter(tags=["accounts"])


@router.get("/accounts/{account_id}/health", responses=OWNED)
async def get_health(account_id: UUID, who: UserDep, core: CoreDep) -> Health:
    """Tell whether the account's page is alive, and what shows that. ``unknown`` while it is not connected."""
    return Health.of(await accounts.health(core, who.user_id, account_id))
