"""Settings of media: where files lie, how large they may be, how long they stay."""

from __future__ import annotations

import re
from datetime import timedelta
from pathlib import Path
from typing import Literal

from pydantic import Field, field_validator
from pydantic_settings import BaseSettings

from session_core.settings.values import Duration, Size

_TYPES = re.compile(r"[a-z0-9.+*-]+/[a-z0-9.+*-]+(,[a-z0-9.+*-]+/[a-z0-9.+*-]+)*")


class MediaSettings(BaseSettings):
    """What `session_core.media` and those who use it read."""

    media_store: Literal["auto", "local"] = "auto"
    media_dir: Path | None = None
    media_bucket: str = Field(default="whahook-media", pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,62}$")
    media_max_size: Size = 100 * 1024**2
    media_types: str = Field(default="*/*", description="MIME types that are taken, with * for any part")
    media_quota: Size = Field(default=5 * 1024**3, description="bytes of one user, what came in included")
    media_retention: Duration = timedelta(days=30)
    media_link_lifetime: Duration = timedelta(minutes=15)
    media_fetch_timeout: Duration = Field(
        default=timedelta(seconds=60), description="for a file fetched by its address"
    )

    media_private_targets: Literal["refuse", "allow"] = "refuse"

    @field_validator("media_types")
    @classmethod
    def _patterns(cls, value: str) -> str:
        value = value.replace(" ", "").lower()
        if not _TYPES.fullmatch(value):
            raise ValueError("must be like image/*,video/mp4,application/pdf")
        return value
