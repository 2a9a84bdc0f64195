"""What is done to messages that are there, and in chats without a message."""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Header, Response

from session_core.services import changing, chat_actions
from session_core.services.outgoing import Accepted
from whahook_app.api.change_schemas import Emoji as EmojiBody
from whahook_app.api.change_schemas import Number, Shown, Version, Words
from whahook_app.api.deps import CoreDep, UserDep
from whahook_app.api.fields import Line
from whahook_app.api.message_schemas import Message
from whahook_app.api.responses import OWNED, problems

router = APIRouter(prefix="/accounts/{account_id}", tags=["messages"])

Key = Annotated[Line | None, Header(alias="Idempotency-Key", description="as when a message is sent")]


def _answer(accepted: Accepted, response: Response) -> Message:
    if not accepted.created:
        response.headers["Idempotent-Replayed"] = "true"
    return Message.of(accepted.message)


@router.put("/messages/{message_id}/reaction", status_code=202, responses=OWNED | problems(409))
async def react_to_message(
    account_id: UUID,
    message_id: UUID,
    body: EmojiBody,
    who: UserDep,
    core: CoreDep,
    response: Response,
    idempotency_key: Key = None,
) -> Message:
    """React to a message; an empty emoji takes the reaction back. Answers the action, which goes out in order."""
    accepted = await changing.react(
        core, who.user_id, account_id, message_id, body.emoji, idempotency_key=idempotency_key
    )
    return _answer(accepted, response)


@router.put("/messages/{message_id}/text", status_code=202, responses=OWNED | problems(409))
async def edit_message(
    account_id: UUID,
    message_id: UUID,
    body: Words,
    who: UserDep,
    core: CoreDep,
    response: Response,
    idempotency_key: Key = None,
) -> Message:
    """Give a message of yours another text; WhatsApp allows it for a quarter of an hour."""
    accepted = await changing.edit(
        core, who.user_id, account_id, message_id, body.text, idempotency_key=idempotency_key
    )
    return _answer(accepted, response)


@router.post("/messages/{message_id}/revoke", status_code=202, responses=OWNED | problems(409))
async def revoke_message(
    account_id: UUID,
    message_id: UUID,
    who: UserDep,
    core: CoreDep,
    response: Response,
    idempotency_key: Key = None,
) -> Message:
    """Delete a message of yours for everyone; WhatsApp allows it for about two days."""
    accepted = await changing.revoke(core, who.user_id, account_id, message_id, idempotency_key=idempotency_key)
    return _answer(accepted, response)


@router.get("/messages/{message_id}/versions", responses=OWNED)
async def list_message_versions(account_id: UUID, message_id: UUID, who: UserDep, core: CoreDep) -> list[Version]:
    """List what a message said before it was edited or deleted, oldest first."""
    return [Version.of(one) for one in await changing.versions(core, who.user_id, account_id, message_id)]


@router.post("/chats/{chat_id}/read", status_code=204, responses=OWNED | problems(409, 503))
async def mark_chat_read(account_id: UUID, chat_id: str, who: UserDep, core: CoreDep) -> None:
    """Tell WhatsApp that the chat was read."""
    await chat_actions.mark_read(core, who.user_id, account_id, chat_id)


@router.post("/chats/{chat_id}/state", status_code=204, responses=OWNED | problems(409, 503))
async def show_chat_state(account_id: UUID, chat_id: str, body: Shown, who: UserDep, core: CoreDep) -> None:
    """Let the other side see you typing or recording, for at most a minute."""
    lasting = timedelta(seconds=body.seconds)
    await chat_actions.show_state(core, who.user_id, account_id, chat_id, body.state, lasting)


@router.post("/chats/{chat_id}/presence", status_code=204, responses=OWNED | problems(409, 503))
async def watch_chat_presence(account_id: UUID, chat_id: str, who: UserDep, core: CoreDep) -> None:
    """Have `presence.update` told about this chat for a day."""
    await chat_actions.watch_presence(core, who.user_id, account_id, chat_id)


@router.get("/numbers/{phone}", responses=OWNED | problems(409, 503))
async def check_number(account_id: UUID, phone: str, who: UserDep, core: CoreDep) -> Number:
    """Ask whether a number is on WhatsApp; nothing is written to it."""
    return Number.of(await chat_actions.check_number(core, who.user_id, account_id, phone))
