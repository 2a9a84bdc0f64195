"""The file of a message, as it is shown."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from uuid import UUID

from session_core.domain.content import Media
from session_core.domain.events import MessageView
from session_core.domain.media import MediaState, MediaView, matches
from whahook_app.i18n import Language, text

IMAGES = ("image/jpeg", "image/png", "image/gif", "image/webp")
"""What every browser draws."""


@dataclasses.dataclass
class MediaRow:
    """A file. ``show`` is how: image, sticker, video, audio, or file; empty for a message without one.

    ``state`` is that of the file, or ``gone`` when it is not kept any more.
    """

    id: str = ""
    show: str = ""
    state: str = ""
    name: str = ""
    size: str = ""
    problem: str = ""
    retry: bool = False


def media_row(message: MessageView, files: Mapping[UUID, MediaView], language: Language) -> MediaRow:
    """Make what is shown of a message's file; an empty one for a message without."""
    content = message.content
    if not isinstance(content, Media) or content.media_id is None:
        return MediaRow()
    view = files.get(content.media_id)
    if view is None:
        return MediaRow(
            id=str(content.media_id),
            show="file",
            state="gone",
            name=content.filename or "",
            problem=text(language, "media.gone"),
        )
    return file_row(view, content.type, language)


def file_row(view: MediaView, kind: str, language: Language) -> MediaRow:
    """Make what is shown of a file that is sent or came as ``kind``."""
    failed = view.state is MediaState.FAILED
    return MediaRow(
        id=str(view.id),
        show=_show(view.mime, kind),
        state=view.state.value,
        name=view.filename or "",
        size="" if view.size is None else size_words(view.size, language),
        problem=text(language, f"media.problem.{view.problem.value}") if failed and view.problem else "",
        retry=view.state in {MediaState.FAILED, MediaState.REMOTE},
    )


def size_words(size: int, language: Language) -> str:
    """Return a size as people say it: ``850 kB``, ``10,4 MB``."""
    if size < 1_000_000:
        return f"{max(1, round(size / 1000))} kB"
    digits = f"{size / 1_000_000:.1f}"
    return f"{digits.replace('.', ',') if language == 'es' else digits} MB"


def _show(mime: str, kind: str) -> str:
    if kind in {"image", "sticker"}:
        return kind if matches(mime, IMAGES) else "file"
    if kind == "video":
        return "video"
    return "audio" if kind in {"audio", "voice"} else "file"
