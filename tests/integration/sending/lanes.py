"""What the tests of sending share: ready accounts, full lanes, and what became of them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from uuid import UUID

from session_core.clock import utcnow
from session_core.core import Core
from session_core.domain.message import MessageStatus
from session_core.domain.status import SessionStatus
from session_core.settings import Settings
from session_core.store import messages, waiting
from session_core.store.models import Message
from tests import factories


async def ready_account(core: Core, user_id: UUID | None = None) -> UUID:
    """Store an account that could send now."""
    return await factories.add_account(core.db, user_id, status=SessionStatus.READY)


async def fill(core: Core, account_id: UUID, count: int, prefix: str = "") -> list[str]:
    """Store waiting texts and return them in the order of the lane."""
    texts = [f"{prefix}{number}" for number in range(count)]
    now = utcnow()
    async with core.db.begin() as session:
        for text in texts:
            await messages.add(session, factories.message(account_id, text=text, created_at=now, updated_at=now))
    return texts


async def lane(core: Core, account_id: UUID) -> list[Message]:
    """Return all messages of an account, in the order of the lane."""
    async with core.db.read() as session:
        rows: Sequence[Message] = await messages.of_account(session, account_id, limit=1000)
    return list(reversed(rows))


async def statuses(core: Core, account_id: UUID) -> list[MessageStatus]:
    """Return the status of each message, in the order of the lane."""
    return [message.status for message in await lane(core, account_id)]


async def head(core: Core, account_id: UUID) -> Message:
    """Return the first message of the lane that is not done."""
    async with core.db.read() as session:
        message = await waiting.head(session, account_id)
    assert message is not None
    return message


async def leave_sending(core: Core, message_id: UUID, token: str, until: datetime, *, attempts: int = 1) -> None:
    """Leave a message as a worker leaves it that dies while it sends, at its ``attempts``-th try."""
    async with core.db.begin() as session:
        for days_ago in range(attempts - 1, -1, -1):
            now = utcnow() - timedelta(days=days_ago, hours=1)
            over = now + timedelta(seconds=1) if days_ago else until
            assert await messages.claim(session, message_id, token, now, over)


def environment(settings: Settings, **more: str) -> dict[str, str]:
    """Return the variables that make another process use these settings."""
    return {
        "WHAHOOK_DATA_DIR": str(settings.data_dir),
        "DATABASE_URL": settings.database_url,
        "REDIS_URL": settings.redis_url,
        "WHAHOOK_SEND_TIMEOUT": f"{settings.send_timeout.total_seconds():g}s",
        "WHAHOOK_RATE_WINDOW": f"{settings.rate_window.total_seconds():g}s",
        "WHAHOOK_MESSAGES_PER_ACCOUNT": str(settings.messages_per_account),
        "WHAHOOK_MESSAGES_PER_USER": str(settings.messages_per_user),
        **more,
    }
