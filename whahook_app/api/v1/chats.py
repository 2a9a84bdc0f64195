"""Chats, what was said in them, and the people."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query

from session_core.services import chats, search
from whahook_app.api.chat_schemas import Chat, Contact, Cursor, Limit, Page, Words
from whahook_app.api.deps import CoreDep, UserDep
from whahook_app.api.message_schemas import Message
from whahook_app.api.responses import OWNED
from whahook_app.api.schemas import Line

router = APIRouter(prefix="/accounts/{account_id}", tags=["chats"])
everywhere = APIRouter(tags=["chats"])


@everywhere.get("/messages/search", responses=OWNED)
async def search_messages(
    who: UserDep,
    core: CoreDep,
    q: Words,
    account_id: Annotated[UUID | None, Query(alias="accountId", description="only in this account")] = None,
    chat: Annotated[Line | None, Query(max_length=100, description="only in this chat id")] = None,
    limit: Limit = 50,
    cursor: Cursor = None,
) -> Page[Message]:
    """Look for messages of your accounts that have all these words, newest first."""
    page = await search.search_messages(
        core, who.user_id, q, account_id=account_id, chat=chat, limit=limit, cursor=cursor
    )
    return Page(items=[Message.of(message) for message in page.items], next_cursor=page.next_cursor)


@router.get("/chats", responses=OWNED)
async def list_chats(
    account_id: UUID, who: UserDep, core: CoreDep, q: Words = "", limit: Limit = 50, cursor: Cursor = None
) -> Page[Chat]:
    """List the account's chats, the one with the newest message first; ``q`` looks in names and numbers."""
    page = await chats.list_chats(core, who.user_id, account_id, limit=limit, cursor=cursor, query=q)
    return Page(items=[Chat.of(chat) for chat in page.items], next_cursor=page.next_cursor)


@router.get("/chats/{chat_id}", responses=OWNED)
async def get_chat(account_id: UUID, chat_id: str, who: UserDep, core: CoreDep) -> Chat:
    """Show one chat."""
    return Chat.of(await chats.get_chat(core, who.user_id, account_id, chat_id))


@router.get("/chats/{chat_id}/messages", responses=OWNED)
async def list_chat_messages(
    account_id: UUID, chat_id: str, who: UserDep, core: CoreDep, limit: Limit = 50, cursor: Cursor = None
) -> Page[Message]:
    """List a chat's messages by the time at which they were written, newest first."""
    page = await chats.chat_messages(core, who.user_id, account_id, chat_id, limit=limit, cursor=cursor)
    return Page(items=[Message.of(message) for message in page.items], next_cursor=page.next_cursor)


@router.get("/contacts", responses=OWNED)
async def list_contacts(
    account_id: UUID, who: UserDep, core: CoreDep, q: Words = "", limit: Limit = 50, cursor: Cursor = None
) -> Page[Contact]:
    """List the people whom the account knows, by name."""
    page = await chats.list_contacts(core, who.user_id, account_id, limit=limit, cursor=cursor, query=q)
    return Page(items=[Contact.of(contact) for contact in page.items], next_cursor=page.next_cursor)
