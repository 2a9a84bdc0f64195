"""Once an account is ready, its chats and contacts are read from the page and written down, piece by piece."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

import structlog

from session_core.core import Core
from session_core.domain.chats import ChatFacts
from session_core.domain.events import ChatsChanged
from session_core.errors import TransientError
from session_core.store import chats, erasure
from session_core.store.errors import STORE_ERRORS
from session_core.whatsapp.driver import DirectoryPart, Driver

log = structlog.get_logger(__name__)

PIECE = 200
"""So many entries are asked and written at once: neither the page nor the database is held up for long."""

PARTS: tuple[DirectoryPart, ...] = ("chats", "contacts")

MOST = 20_000
"""Of each kind; an account with more of them learns the others when they write."""


async def learn(core: Core, user_id: UUID, account_id: UUID, driver: Driver) -> None:
    """Read everything that the page knows, and tell the pages.

    What goes wrong is only logged: it is read again at the next ready, and a message brings its chat and its writer's
    name along anyway.
    """
    counts = {}
    try:
        for part in PARTS:
            counts[part] = await _learn(core, account_id, driver, part)
    except (TransientError, *STORE_ERRORS) as error:
        log.info("directory_not_read", account_id=str(account_id), error=type(error).__name__)
        return
    log.info("directory_read", account_id=str(account_id), **counts)
    core.news.publish(ChatsChanged(user_id=user_id, account_id=account_id))


async def _learn(core: Core, account_id: UUID, driver: Driver, part: DirectoryPart) -> int:
    count, after = 0, ""
    while count < MOST:
        piece = await driver.directory(part, after, limit=PIECE)
        async with core.db.begin() as session:
            ids = [chat.chat_id for chat in piece.chats] + [one.wa_id for one in piece.contacts]
            erased = await erasure.erased(session, account_id, ids)
            fresh = [one for one in piece.chats if _is_news(one, erased.get(one.chat_id))]
            await chats.learn_chats(session, account_id, fresh)
            await chats.learn_contacts(session, account_id, [one for one in piece.contacts if one.wa_id not in erased])
        count += len(piece.chats) + len(piece.contacts)
        if piece.end is None:
            break
        after = piece.end
    return count


def _is_news(chat: ChatFacts, erased_at: datetime | None) -> bool:
    """Tell whether a chat may be stored: one that was erased only after somebody has written in it again."""
    return erased_at is None or (chat.last_at is not None and chat.last_at > erased_at)
