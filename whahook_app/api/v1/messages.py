"""Messages out, and everything that came in."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Header, Query, Response

from session_core.domain.content import Media
from session_core.domain.message import Direction
from session_core.services import lane, media, messages, outgoing
from whahook_app.api.deps import CoreDep, UserDep
from whahook_app.api.fields import Line
from whahook_app.api.lane_schemas import Resolution
from whahook_app.api.message_schemas import Message, NewMedia, NewMessage
from whahook_app.api.responses import OWNED, problems

router = APIRouter(prefix="/accounts/{account_id}/messages", tags=["messages"])


@router.post("", status_code=202, responses=OWNED | problems(409))
async def send_message(
    account_id: UUID,
    body: NewMessage,
    who: UserDep,
    core: CoreDep,
    response: Response,
    idempotency_key: Annotated[
        Line | None,
        Header(description="the same key with the same request brings the same message back, and sends nothing twice"),
    ] = None,
) -> Message:
    """Accept a message. It goes out in order, at the allowed pace, as soon as the account is ready."""
    content = body.said()
    if isinstance(content, Media) and isinstance(body, NewMedia) and body.url is not None:
        await messages.queue_length(core, who.user_id, account_id)  # 404 before anything is fetched
        name = None if idempotency_key is None else f"{account_id} {idempotency_key}"
        file = await media.upload_from_url(core, who.user_id, body.url, filename=content.filename, key=name)
        content = content.model_copy(update={"media_id": file.id})
    accepted = await outgoing.send(
        core,
        who.user_id,
        account_id,
        to=body.to,
        content=content,
        idempotency_key=idempotency_key,
        force=body.force,
        quoted_id=body.quoted_id,
        times=body.times,
    )
    if not accepted.created:
        response.headers["Idempotent-Replayed"] = "true"
    return Message.of(accepted.message.model_copy(update={"hold": accepted.hold}))


@router.get("", responses=OWNED)
async def list_messages(
    account_id: UUID,
    who: UserDep,
    core: CoreDep,
    limit: Annotated[int, Query(ge=1, le=messages.MAX_PAGE)] = 50,
    before: Annotated[UUID | None, Query(description="id of the last message of the page before")] = None,
    chat: Annotated[Line | None, Query(max_length=100, description="only this chat id")] = None,
    direction: Annotated[Direction | None, Query(description="only what came in, or only what went out")] = None,
) -> list[Message]:
    """List the account's messages, newest first."""
    page = await messages.list_messages(
        core, who.user_id, account_id, limit=limit, before=before, chat=chat, direction=direction
    )
    return [Message.of(message) for message in page]


@router.get("/{message_id}", responses=OWNED)
async def get_message(account_id: UUID, message_id: UUID, who: UserDep, core: CoreDep) -> Message:
    """Show one message with its status."""
    return Message.of(await messages.get_message(core, who.user_id, account_id, message_id))


@router.delete("/{message_id}", responses=OWNED | problems(409))
async def cancel_message(account_id: UUID, message_id: UUID, who: UserDep, core: CoreDep) -> Message:
    """Take back a message that is still queued; it is `cancelled` from then on. 409 when it is too late."""
    return Message.of(await lane.cancel(core, who.user_id, account_id, message_id))


@router.post("/{message_id}/resolve", responses=OWNED | problems(409))
async def resolve_message(account_id: UUID, message_id: UUID, body: Resolution, who: UserDep, core: CoreDep) -> Message:
    """Say what became of a message whose status is `unknown`; what did not go out is sent again."""
    return Message.of(await lane.resolve(core, who.user_id, account_id, message_id, body.outcome))
