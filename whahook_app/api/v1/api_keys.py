"""API keys: shown once, kept as a hash."""

from __future__ import annotations

from uuid import UUID

from fastapi import APIRouter

from session_core.services import api_keys
from whahook_app.api.deps import CoreDep, UserDep
from whahook_app.api.responses import OWNED, SIGNED_IN, problems
from whahook_app.api.schemas import ApiKey, CreatedKey, NewKey

router = APIRouter(prefix="/api-keys", tags=["api keys"])


@router.post("", status_code=201, responses=SIGNED_IN | problems(409))
async def create_api_key(body: NewKey, who: UserDep, core: CoreDep) -> CreatedKey:
    """Make a key. Its text is in this answer and never again."""
    new = await api_keys.create(core, who.user_id, body.name)
    return CreatedKey(id=new.id, key=new.key)


@router.get("", responses=SIGNED_IN)
async def list_api_keys(who: UserDep, core: CoreDep) -> list[ApiKey]:
    """List the keys that work, newest first, without their texts."""
    return [ApiKey.of(key) for key in await api_keys.list_keys(core, who.user_id)]


@router.delete("/{api_key_id}", status_code=204, responses=OWNED)
async def delete_api_key(api_key_id: UUID, who: UserDep, core: CoreDep) -> None:
    """Revoke a key: it stops working at once."""
    await api_keys.revoke(core, who.user_id, api_key_id)
