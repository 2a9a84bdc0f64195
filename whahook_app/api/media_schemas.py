"""What travels about files."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from pydantic import Field

from session_core.domain.media import MediaKind, MediaProblem, MediaState, MediaView
from session_core.domain.message import Direction
from session_core.services.media import SignedLink
from whahook_app.api.schema_base import Incoming, Outgoing
from whahook_app.api.schemas import Line


class NewMedia(Incoming):
    """A file to be fetched by its address."""

    url: Line = Field(max_length=2000, description="http or https; private addresses are refused")
    filename: Line | None = Field(default=None, max_length=200, description="what the recipient sees")


class Media(Outgoing):
    """A file: an upload, or what came in with a message."""

    id: UUID
    account_id: UUID | None = Field(description="whose message brought it; null for an upload")
    message_id: UUID | None = Field(description="the message that brought it; null for an upload")
    direction: Direction = Field(description="in: it came with a message; out: an upload, to be sent")
    kind: MediaKind | None
    state: MediaState = Field(description="pending, ready, failed, or remote: not downloaded until it is asked for")
    problem: MediaProblem | None = Field(description="why it failed")
    mime: str = Field(description="found in the bytes", examples=["image/jpeg"])
    filename: str | None
    size: int | None = Field(description="bytes")
    sha256: str | None = Field(description="of the bytes, hex")
    created_at: datetime
    expires_at: datetime | None = Field(description="when it is deleted")
    url: str | None = Field(description="opens it for a short time, without a key; null while it is not here")
    url_expires_at: datetime | None

    @classmethod
    def of(cls, view: MediaView, link: SignedLink | None, public_url: str) -> Media:
        """Show a file, with an address that opens it."""
        return cls(
            **view.model_dump(),
            url=None if link is None else public_url + link.path,
            url_expires_at=None if link is None else link.expires_at,
        )


class NewMediaSettings(Incoming):
    """Which files an account fetches by itself."""

    auto_download: list[MediaKind] = Field(max_length=20, description="kinds; an empty list: none")


class MediaSettings(Outgoing):
    """Which files an account fetches by itself."""

    auto_download: list[MediaKind]


UPLOAD = {
    "required": True,
    "content": {
        "multipart/form-data": {
            "schema": {
                "type": "object",
                "required": ["file"],
                "properties": {"file": {"type": "string", "format": "binary"}},
            }
        },
        "application/json": {"schema": NewMedia.model_json_schema(by_alias=True)},
    },
}
"""The body of `createMedia`, for the description: it is read while it arrives, not by the framework."""
