"""How long messages are kept, erasing a person, and taking everything along."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import AsyncIterator
from typing import Annotated, Literal
from uuid import UUID

from fastapi import APIRouter, Query
from fastapi.responses import StreamingResponse
from pydantic import Field

from session_core.domain.events import MessageView
from session_core.services import history
from whahook_app.api.deps import CoreDep, UserDep
from whahook_app.api.message_schemas import Message
from whahook_app.api.responses import OWNED
from whahook_app.api.schema_base import Incoming, Outgoing
from whahook_app.api.schemas import Line

router = APIRouter(prefix="/accounts/{account_id}", tags=["history"])

COLUMNS = (
    "id", "createdAt", "direction", "status", "chatId", "from", "senderName", "kind", "text", "failure", "waMessageId",
    "quotedId", "replayed",
)  # fmt: skip

_FORMULA = ("=", "+", "-", "@", "\t", "\r")
"""What a spreadsheet takes for a formula when a cell begins with it (OWASP, CSV injection)."""


class Retention(Outgoing):
    """How long messages are kept."""

    days: int | None = Field(description="null: for ever")


class NewRetention(Incoming):
    """How long messages are to be kept."""

    days: int | None = Field(ge=1, le=history.MAX_DAYS, description="null: for ever")


class Erased(Outgoing):
    """How much was deleted."""

    messages: int
    events: int = Field(description="events for programs in which the person was named")


@router.get("/retention", responses=OWNED)
async def get_retention(account_id: UUID, who: UserDep, core: CoreDep) -> Retention:
    """Tell for how many days the account's messages are kept."""
    return Retention(days=await history.retention(core, who.user_id, account_id))


@router.put("/retention", responses=OWNED)
async def set_retention(account_id: UUID, body: NewRetention, who: UserDep, core: CoreDep) -> Retention:
    """Keep messages for so many days from now on. What is older is deleted within minutes, for good."""
    return Retention(days=await history.set_retention(core, who.user_id, account_id, body.days))


@router.delete("/contacts/{contact_id}", responses=OWNED)
async def erase_contact(account_id: UUID, contact_id: str, who: UserDep, core: CoreDep) -> Erased:
    """Delete everything of one person for good: chats, messages in groups, files, events, the contact."""
    erased = await history.erase(core, who.user_id, account_id, contact_id)
    return Erased(messages=erased.messages, events=erased.events)


@router.get(
    "/export",
    responses=OWNED | {200: {"content": {"application/json": {}, "text/csv": {}}}},
    response_class=StreamingResponse,
)
async def export_messages(
    account_id: UUID,
    who: UserDep,
    core: CoreDep,
    format: Annotated[Literal["json", "csv"], Query(description="a list of messages, or a table")] = "json",
    chat: Annotated[Line | None, Query(max_length=100, description="only this chat id")] = None,
) -> StreamingResponse:
    """Hand out all messages of the account, or of one chat, oldest first, while they are read."""
    pieces = await history.export(core, who.user_id, account_id, chat=chat)
    content, kind = (_csv(pieces), "text/csv; charset=utf-8")
    if format == "json":
        content, kind = _json(pieces), "application/json"
    name = f"messages-{account_id}.{format}"
    headers = {"Content-Disposition": f'attachment; filename="{name}"', "Cache-Control": "no-store"}
    return StreamingResponse(content, media_type=kind, headers=headers)


async def _json(pieces: AsyncIterator[list[MessageView]]) -> AsyncIterator[str]:
    opened = False
    async for piece in pieces:
        texts = [json.dumps(_plain(message), ensure_ascii=False) for message in piece]
        yield (",\n" if opened else "[\n") + ",\n".join(texts)
        opened = True
    yield "\n]\n" if opened else "[]\n"


async def _csv(pieces: AsyncIterator[list[MessageView]]) -> AsyncIterator[str]:
    # With a mark of its encoding: without one Excel reads UTF-8 as something else.
    yield "\ufeff" + _lines([list(COLUMNS)])
    async for piece in pieces:
        yield _lines([[safe_cell(plain[name]) for name in COLUMNS] for plain in map(_plain, piece)])


def _plain(message: MessageView) -> dict[str, object]:
    plain: dict[str, object] = Message.of(message).model_dump(mode="json", by_alias=True)
    return plain


def _lines(rows: list[list[str]]) -> str:
    text = io.StringIO()
    csv.writer(text).writerows(rows)
    return text.getvalue()


def safe_cell(value: object) -> str:
    """Write a value for a table; what a spreadsheet would run as a formula gets an apostrophe in front."""
    if value is None:
        return ""
    text = str(value).lower() if isinstance(value, bool) else str(value)
    return f"'{text}" if text.startswith(_FORMULA) else text
