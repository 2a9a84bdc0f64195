"""What a profile remembers about itself beside Chromium's own files: which Chromium had it, and how that went."""

from __future__ import annotations

import socket
from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field, ValidationError

STAMP_NAME = ".whahook.json"


class Stamp(BaseModel):
    """The stamp of one profile."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    chromium: str = Field(default="", description="version that had it open last; empty when that is not known")
    failed_opens: int = Field(default=0, description="how often in a row no browser came up on it")
    boot: str = Field(default="", description="boot of the machine on which it was open last")
    host: str = Field(default="", description="name of that machine")


def read(profile: Path) -> Stamp:
    """Return the profile's stamp; an empty one when it has none that can be read."""
    try:
        return Stamp.model_validate_json((profile / STAMP_NAME).read_bytes())
    except (OSError, ValidationError):
        return Stamp()


def change(profile: Path, **changes: object) -> Stamp:
    """Write the stamp with some values changed; in one step, so that a crash leaves the old one.

    Raises:
        OSError: it cannot be written.
    """
    stamp = read(profile).model_copy(update=changes)
    fresh = profile / f"{STAMP_NAME}.new"
    fresh.write_text(stamp.model_dump_json(), encoding="utf-8")
    fresh.replace(profile / STAMP_NAME)
    return stamp


def this_host() -> str:
    """Return the name of this machine as Chromium writes it into its locks."""
    return socket.gethostname()
