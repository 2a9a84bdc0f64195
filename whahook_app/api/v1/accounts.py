"""WhatsApp accounts: make, list, connect, link, disconnect, delete."""

from __future__ import annotations

import base64
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Body, Query, Request
from starlette.responses import JSONResponse, Response

from session_core.domain.events import Qr
from session_core.services import accounts
from whahook_app.api.deps import CoreDep, UserDep
from whahook_app.api.responses import OWNED, SIGNED_IN, problems
from whahook_app.api.schemas import Account, Activity, Disconnect, NewAccount, PairingCode, Phone, QrCode, Rename

router = APIRouter(prefix="/accounts", tags=["accounts"])

MAX_ID = 2**63 - 1
"""Largest id of a history line that the database can compare with."""


@router.post("", status_code=201, responses=SIGNED_IN | problems(409))
async def create_account(body: NewAccount, who: UserDep, core: CoreDep) -> Account:
    """Make an account. Nothing runs before it is connected."""
    return Account.of(await accounts.create(core, who.user_id, name=body.name, kind=body.kind))


@router.get("", responses=SIGNED_IN)
async def list_accounts(who: UserDep, core: CoreDep) -> list[Account]:
    """List one's accounts, oldest first."""
    return [Account.of(session) for session in await accounts.list_accounts(core, who.user_id)]


@router.get("/{account_id}", responses=OWNED)
async def get_account(account_id: UUID, who: UserDep, core: CoreDep) -> Account:
    """Show one account."""
    return Account.of(await accounts.get(core, who.user_id, account_id))


@router.patch("/{account_id}", responses=OWNED)
async def rename_account(account_id: UUID, body: Rename, who: UserDep, core: CoreDep) -> Account:
    """Change an account's name."""
    return Account.of(await accounts.rename(core, who.user_id, account_id, body.name))


@router.delete("/{account_id}", status_code=204, responses=OWNED)
async def delete_account(account_id: UUID, who: UserDep, core: CoreDep) -> None:
    """Delete an account: it is unlinked from the phone, and its session, history and messages are removed."""
    await accounts.delete(core, who.user_id, account_id)


@router.post("/{account_id}/connect", status_code=202, responses=OWNED | problems(409))
async def connect_account(account_id: UUID, who: UserDep, core: CoreDep) -> Account:
    """Want the account connected. It shows a QR unless it is linked already; what is connected stays as it is."""
    return Account.of(await accounts.connect(core, who.user_id, account_id))


@router.post("/{account_id}/disconnect", status_code=202, responses=OWNED)
async def disconnect_account(
    account_id: UUID, who: UserDep, core: CoreDep, body: Annotated[Disconnect | None, Body()] = None
) -> Account:
    """Want the account stopped. With ``logout`` it is also unlinked from the phone."""
    logout = body is not None and body.logout
    return Account.of(await accounts.disconnect(core, who.user_id, account_id, logout=logout))


@router.post("/{account_id}/restart", status_code=202, responses=OWNED | problems(409))
async def restart_account(account_id: UUID, who: UserDep, core: CoreDep) -> Account:
    """Close the account's browser and open it again; it stays linked."""
    return Account.of(await accounts.restart(core, who.user_id, account_id))


@router.post("/{account_id}/force-stop", status_code=202, responses=OWNED)
async def force_stop_account(account_id: UUID, who: UserDep, core: CoreDep) -> Account:
    """Kill the account's browser, whatever hangs, and want the account stopped; it stays linked."""
    return Account.of(await accounts.force_stop(core, who.user_id, account_id))


@router.get(
    "/{account_id}/qr",
    response_model=QrCode,
    responses=OWNED | {200: {"description": "The code", "content": {"image/png": {"schema": {"type": "string"}}}}},
)
async def get_qr(account_id: UUID, who: UserDep, core: CoreDep, request: Request) -> Response:
    """Give the code to scan: a PNG, or its text with ``Accept: application/json``. 404 when there is none now."""
    qr = await accounts.qr(core, who.user_id, account_id)
    headers = {"Cache-Control": "no-store", "Vary": "Accept"}
    if _wants_json(request.headers.get("accept", "")):
        return JSONResponse(QrCode.of(qr).model_dump(mode="json", by_alias=True), headers=headers)
    return Response(_png(qr), media_type="image/png", headers=headers | {"Expires": "0"})


@router.post("/{account_id}/pairing-code", responses=OWNED | problems(409))
async def create_pairing_code(account_id: UUID, body: Phone, who: UserDep, core: CoreDep) -> PairingCode:
    """Ask for a code to type on the phone instead of scanning; while the account shows a QR."""
    return PairingCode(code=await accounts.pairing_code(core, who.user_id, account_id, body.phone))


@router.get("/{account_id}/activity", responses=OWNED)
async def list_activity(
    account_id: UUID,
    who: UserDep,
    core: CoreDep,
    limit: Annotated[int, Query(ge=1, le=accounts.MAX_ACTIVITY_PAGE)] = 50,
    before: Annotated[int | None, Query(ge=1, le=MAX_ID, description="id of the last line of the page before")] = None,
) -> list[Activity]:
    """Show what happened to the account, newest first."""
    lines = await accounts.history(core, who.user_id, account_id, limit=limit, before=before)
    return [Activity.of(line) for line in lines]


def _wants_json(accept: str) -> bool:
    """Tell whether JSON is named; a picture that is named before it wins, and so does "anything"."""
    for part in accept.lower().split(","):
        media = part.partition(";")[0].strip()
        if media == "application/json":
            return True
        if media.startswith("image/"):
            return False
    return False


def _png(qr: Qr) -> bytes:
    return base64.b64decode(qr.png.partition(",")[2])
