"""How an account sends: what waits and why, and what its owner chose."""

from __future__ import annotations

from uuid import UUID

from fastapi import APIRouter
from pydantic import ValidationError

from session_core.errors import PolicyError
from session_core.services import lane
from whahook_app.api.deps import CoreDep, UserDep
from whahook_app.api.lane_schemas import Lane, SendingChanges, SendingRules
from whahook_app.api.responses import OWNED

router = APIRouter(prefix="/accounts/{account_id}", tags=["sending"])


@router.get("/lane", responses=OWNED)
async def get_lane(account_id: UUID, who: UserDep, core: CoreDep) -> Lane:
    """Show what waits to go out, what holds it back and until when, and the limits."""
    return Lane.of(await lane.lane(core, who.user_id, account_id))


@router.get("/settings", responses=OWNED)
async def get_settings(account_id: UUID, who: UserDep, core: CoreDep) -> SendingRules:
    """Show how the account sends."""
    return SendingRules.of((await lane.lane(core, who.user_id, account_id)).settings)


@router.patch("/settings", responses=OWNED)
async def change_settings(account_id: UUID, body: SendingChanges, who: UserDep, core: CoreDep) -> SendingRules:
    """Change how the account sends; what is left out stays as it is."""
    before = (await lane.lane(core, who.user_id, account_id)).settings
    try:
        settings = body.applied(before)
    except ValidationError as error:
        raise PolicyError(
            error.errors()[0]["msg"].removeprefix("Value error, "),
            code="bad_settings",
            action="Change both lists of words at once.",
            status_code=422,
        ) from None
    await lane.choose(core, who.user_id, account_id, settings)
    return SendingRules.of(settings)
