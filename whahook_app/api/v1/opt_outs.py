"""People who do not want to hear from a user."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query, Response
from fastapi.responses import StreamingResponse

from session_core.services import consent
from session_core.services.chats import MAX_QUERY
from whahook_app.api.chat_schemas import Cursor, Limit, Page
from whahook_app.api.deps import CoreDep, UserDep
from whahook_app.api.lane_schemas import NewOptOut, OptOut
from whahook_app.api.responses import OWNED, SIGNED_IN, problems

router = APIRouter(prefix="/opt-outs", tags=["sending"])


@router.get("", responses=SIGNED_IN)
async def list_opt_outs(
    who: UserDep,
    core: CoreDep,
    limit: Limit = 50,
    cursor: Cursor = None,
    search: Annotated[str, Query(max_length=MAX_QUERY, description="part of a name or of a number")] = "",
) -> Page[OptOut]:
    """List who has opted out, newest first."""
    page = await consent.list_opt_outs(core, who.user_id, limit=limit, cursor=cursor, search=search)
    return Page(items=[OptOut.of(view) for view in page.items], next_cursor=page.next_cursor)


@router.post("", status_code=201, responses=OWNED | problems(422))
async def add_opt_out(body: NewOptOut, who: UserDep, core: CoreDep) -> OptOut:
    """Note that a person does not want to hear from you; what waits for that person fails with `opted_out`."""
    return OptOut.of(await consent.opt_out(core, who.user_id, to=body.to, account_id=body.account_id))


@router.get(
    "/export",
    response_class=StreamingResponse,
    responses=SIGNED_IN | {200: {"content": {"text/csv": {}}, "description": "a line a person"}},
)
async def export_opt_outs(who: UserDep, core: CoreDep) -> Response:
    """Give all of them as CSV."""
    rows = consent.export(core, who.user_id)
    first = await anext(rows)

    async def lines() -> AsyncIterator[str]:
        yield first
        async for row in rows:
            yield row

    return StreamingResponse(
        lines(),
        media_type="text/csv; charset=utf-8",
        headers={"Content-Disposition": 'attachment; filename="opt-outs.csv"'},
    )


@router.delete("/{opt_out_id}", status_code=204, responses=OWNED)
async def delete_opt_out(opt_out_id: UUID, who: UserDep, core: CoreDep) -> None:
    """Undo an opt-out: the person can be written to again."""
    await consent.undo(core, who.user_id, opt_out_id)
