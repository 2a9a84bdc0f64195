"""What is done at once in a chat and waits in no lane: read marks, typing, presence, whether a number exists."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from session_core.bus import numbers, presence
from session_core.core import Core
from session_core.domain.changes import ChatState
from session_core.domain.commands import CheckNumber, MarkRead, NumberChecked, ShowState, WatchPresence
from session_core.domain.events import ChatsChanged
from session_core.domain.phone import chat_id as chat_id_of
from session_core.domain.phone import normalize_phone
from session_core.errors import NotFound
from session_core.store import accounts, chats

ANSWER = timedelta(seconds=20)
LONGEST_STATE = timedelta(seconds=60)


@dataclass(frozen=True, slots=True)
class NumberView:
    """What WhatsApp says about a number. ``exists``: None when the page that is loaded cannot say."""

    phone: str
    chat_id: str
    exists: bool | None
    lid: str | None


async def mark_read(core: Core, user_id: UUID, account_id: UUID, chat: str) -> None:
    """Tell WhatsApp, and so the other side, that the chat was read.

    Raises:
        NotFound: the account is not the user's, or has no such chat.
        Conflict: 409 ``account_not_ready``.
        TransientError: no host runs the account, or WhatsApp did not answer.
    """
    chat_id = await _chat(core, user_id, account_id, chat)
    await core.commands.call(MarkRead(account_id=account_id, chat_id=chat_id), timeout=ANSWER)
    async with core.db.begin() as session:
        news = await chats.mark_read(session, account_id, chat_id)
    if news:
        await core.publisher.publish(ChatsChanged(user_id=user_id, account_id=account_id))


async def show_state(
    core: Core, user_id: UUID, account_id: UUID, chat: str, state: ChatState, lasting: timedelta
) -> None:
    """Let the other side see the account typing or recording, at most for a minute. Errors as for `mark_read`."""
    chat_id = await _chat(core, user_id, account_id, chat)
    seconds = min(lasting, LONGEST_STATE).total_seconds()
    command = ShowState(account_id=account_id, chat_id=chat_id, state=state, seconds=seconds)
    await core.commands.call(command, timeout=ANSWER)


async def watch_presence(core: Core, user_id: UUID, account_id: UUID, chat: str) -> None:
    """Have ``presence.update`` told about the chat for a day. Errors as for `mark_read`."""
    chat_id = await _chat(core, user_id, account_id, chat)
    await core.commands.call(WatchPresence(account_id=account_id, chat_id=chat_id), timeout=ANSWER)
    async with core.db.read() as session:
        ids = await chats.ids_of(session, account_id, chat_id)
    await presence.watch(core.redis, account_id, *ids)


async def check_number(core: Core, user_id: UUID, account_id: UUID, phone: str) -> NumberView:
    """Ask whether a number is on WhatsApp; an answer counts for a while. Nothing is written to the number.

    Raises:
        PolicyError: 422 ``bad_phone``.
        NotFound, Conflict, TransientError: as for `mark_read`.
    """
    digits = normalize_phone(phone)
    chat_id = f"{digits}@c.us"
    await _owned(core, user_id, account_id)
    known = await numbers.kept(core.redis, chat_id)
    if known is not None:
        return NumberView(digits, chat_id, *known)
    answer = await core.commands.call(CheckNumber(account_id=account_id, chat_id=chat_id), timeout=ANSWER)
    facts = NumberChecked.model_validate(answer)
    if facts.exists is not None:
        await numbers.keep(core.redis, chat_id, exists=facts.exists, lid=facts.lid)
    return NumberView(digits, chat_id, facts.exists, facts.lid)


async def _chat(core: Core, user_id: UUID, account_id: UUID, chat: str) -> str:
    chat_id = chat_id_of(chat)
    await _owned(core, user_id, account_id)
    return chat_id


async def _owned(core: Core, user_id: UUID, account_id: UUID) -> None:
    async with core.db.read() as session:
        if await accounts.owned(session, user_id, account_id) is None:
            raise NotFound("account")
