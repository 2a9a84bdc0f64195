"""Files that messages carry: what they are, where they stand, and which file can be which kind of message."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from fnmatch import fnmatchcase
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from session_core.domain.message import Direction

MAX_FILENAME = 200
"""Characters. Longer names are cut in the middle of nowhere by phones, too."""


class MediaKind(StrEnum):
    """What a file is as a message. The same file can be an image or a document."""

    IMAGE = "image"
    VIDEO = "video"
    DOCUMENT = "document"
    AUDIO = "audio"
    VOICE = "voice"
    STICKER = "sticker"


class MediaState(StrEnum):
    """Where a file stands.

    ``pending`` is on its way here, ``ready`` is here, ``failed`` could not be had (``problem`` says why),
    ``remote`` is left at WhatsApp until somebody asks for it, ``deleting`` is gone for everybody but the janitor.
    """

    PENDING = "pending"
    READY = "ready"
    FAILED = "failed"
    REMOTE = "remote"
    DELETING = "deleting"


class MediaProblem(StrEnum):
    """Why a file could not be had."""

    TOO_LARGE = "too_large"
    GONE = "gone"
    NOT_DOWNLOADED = "not_downloaded"
    STORAGE = "storage_unavailable"
    FULL = "storage_full"
    QUOTA = "quota_exceeded"
    DAMAGED = "damaged"


class MediaView(BaseModel):
    """A file as its owner sees it."""

    model_config = ConfigDict(frozen=True)

    id: UUID
    account_id: UUID | None = Field(default=None, description="whose message brought it; None for an upload")
    message_id: UUID | None = Field(default=None, description="the message that brought it; None for an upload")
    direction: Direction
    kind: MediaKind | None = Field(default=None, description="as a message; None for an upload that was not sent yet")
    state: MediaState
    problem: MediaProblem | None = None
    mime: str = Field(description="found in the bytes; what was claimed as long as there are none")
    filename: str | None = Field(default=None, repr=False)
    size: int | None = None
    sha256: str | None = Field(default=None, description="of the bytes, hex")
    created_at: datetime
    expires_at: datetime | None = Field(default=None, description="when it is deleted")


_FITTING: dict[MediaKind, tuple[str, ...]] = {
    MediaKind.IMAGE: ("image/jpeg", "image/png", "image/webp", "image/gif"),
    MediaKind.VIDEO: ("video/mp4", "video/3gpp", "video/quicktime", "video/webm"),
    MediaKind.AUDIO: ("audio/*",),
    MediaKind.VOICE: ("audio/ogg",),
    MediaKind.STICKER: ("image/webp",),
    MediaKind.DOCUMENT: ("*/*",),
}


def fits(kind: MediaKind, mime: str) -> bool:
    """Tell whether a file of this type can go out as this kind: WhatsApp's phones show nothing for the others."""
    return matches(mime, _FITTING[kind])


def fitting(kind: MediaKind) -> tuple[str, ...]:
    """Return the types that can go out as this kind."""
    return _FITTING[kind]


def matches(mime: str, patterns: tuple[str, ...] | list[str]) -> bool:
    """Tell whether a MIME type is one of ``patterns``, in which ``*`` stands for any part."""
    return any(fnmatchcase(mime, pattern) for pattern in patterns)
