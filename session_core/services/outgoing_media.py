"""The file of a message that is being accepted."""

from __future__ import annotations

import hashlib
from datetime import datetime
from uuid import UUID

from session_core.core import Core
from session_core.domain.content import Media
from session_core.domain.media import MediaKind, MediaState, fits, fitting
from session_core.errors import Conflict, NotFound, PolicyError
from session_core.store import media
from session_core.store.engine import Transaction


async def complete(core: Core, session: Transaction, user_id: UUID, content: Media, now: datetime) -> tuple[Media, str]:
    """Fill in what is known of a message's file, and keep it from now on as long as one that has just come.

    Args:
        core: the process's core.
        session: the transaction that stores the message.
        user_id: whose message it is; only their files can be sent.
        content: what was asked for; its ``media_id`` is set.
        now: the time.

    Returns:
        The content, and a hash that two messages share when people take them for the same.

    Raises:
        NotFound: the user has no such file.
        PolicyError: 422 ``media_kind_mismatch``, phones would not show it as this kind.
        Conflict: 409 ``media_not_ready``, its bytes are not here.
    """
    row = None if content.media_id is None else await media.get(session, content.media_id, user_id)
    if row is None:
        raise NotFound("media")
    if row.state is not MediaState.READY:
        raise Conflict(
            "The file is not here.", code="media_not_ready", action="Upload it again, or have it fetched first."
        )
    kind = MediaKind(content.type)
    if not fits(kind, row.mime):
        raise PolicyError(
            f"A file of the type {row.mime} cannot go out as {kind.value}.",
            code="media_kind_mismatch",
            action=f"Send it as a document, or send one of {', '.join(fitting(kind))}.",
            status_code=422,
        )
    await media.use(session, row.id, now, now + core.settings.media_retention)
    told = {"mime": row.mime, "size": row.size, "filename": content.filename or row.filename}
    same = "\0".join((content.type, row.sha256 or "", content.caption))
    return content.model_copy(update=told), hashlib.sha256(same.encode()).hexdigest()
