"""The file of a message that was just seen: promised in the transaction of the message, fetched later, by itself."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID, uuid4

from session_core.domain.content import Media as MediaContent
from session_core.domain.content import stored
from session_core.domain.media import MAX_FILENAME, MediaKind, MediaProblem, MediaState
from session_core.domain.message import Direction
from session_core.domain.text import storable
from session_core.store import media
from session_core.store.engine import Transaction
from session_core.store.models import Media, Message

UNKNOWN_TYPE = "application/octet-stream"


def announce(row: Message, content: MediaContent) -> MediaContent:
    """Give the file of a message its id, in the message's row; nothing is stored yet."""
    content = content.model_copy(update={"media_id": uuid4()})
    row.content = stored(content)
    return content


async def promise(
    session: Transaction, user_id: UUID, row: Message, content: MediaContent, max_size: int, now: datetime
) -> None:
    """Write down that a message's file is to be fetched, unless its owner wants to be asked first.

    Args:
        session: the transaction that stores the message.
        user_id: whose it is.
        row: the message, stored already.
        content: what `announce` returned.
        max_size: larger files are not fetched at all.
        now: the time.
    """
    assert content.media_id is not None  # noqa: S101
    kind = MediaKind(content.type)
    wanted = await media.wants(session, row.account_id, kind)
    state, problem = (MediaState.PENDING, None) if wanted else (MediaState.REMOTE, None)
    if content.size is not None and content.size > max_size:
        state, problem = MediaState.FAILED, MediaProblem.TOO_LARGE
    await media.add(
        session,
        Media(
            id=content.media_id,
            user_id=user_id,
            account_id=row.account_id,
            message_id=row.id,
            wa_message_id=row.wa_message_id,
            direction=Direction.IN,
            kind=kind,
            state=state,
            problem=problem,
            mime=storable((content.mime or UNKNOWN_TYPE).partition(";")[0].strip().lower(), 100) or UNKNOWN_TYPE,
            filename=storable(content.filename, MAX_FILENAME) if content.filename else None,
            size=content.size,
            next_try_at=now if state is MediaState.PENDING else None,
            created_at=now,
            updated_at=now,
        ),
    )
