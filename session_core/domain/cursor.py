"""Where a page of a list ended, as a text that programs hand back unread.

It holds the sort key of the last row, not a count: rows that come or go meanwhile shift nothing.
"""

from __future__ import annotations

import base64
import binascii
import json
from datetime import UTC, datetime
from typing import Any

from session_core.domain.text import is_storable
from session_core.errors import PolicyError

MAX_LENGTH = 400
_MAX_NUMBER = 2**63 - 1


def encode(*key: datetime | int | str) -> str:
    """Write a sort key as a cursor."""
    parts = [part.astimezone(UTC).isoformat() if isinstance(part, datetime) else part for part in key]
    return base64.urlsafe_b64encode(json.dumps(parts, separators=(",", ":")).encode()).decode().rstrip("=")


def at_and_number(cursor: str) -> tuple[datetime, int]:
    """Read a cursor of a moment and a number; PolicyError 422 ``bad_cursor`` for anything else."""
    at, number = _parts(cursor, str, int)
    return _moment(at), number


def at_and_name(cursor: str) -> tuple[datetime, str]:
    """Read a cursor of a moment and a text."""
    at, name = _parts(cursor, str, str)
    return _moment(at), name


def number(cursor: str) -> int:
    """Read a cursor of one number."""
    (value,) = _parts(cursor, int)
    return int(value)


def names(cursor: str) -> tuple[str, str]:
    """Read a cursor of two texts."""
    first, second = _parts(cursor, str, str)
    return first, second


def _parts(cursor: str, *kinds: type) -> list[Any]:
    parts: list[Any]
    try:
        if len(cursor) > MAX_LENGTH:
            raise ValueError
        parts = json.loads(base64.urlsafe_b64decode(cursor.encode("ascii") + b"=" * (-len(cursor) % 4)))
    except (ValueError, binascii.Error, RecursionError):
        raise bad_cursor() from None
    good = isinstance(parts, list) and len(parts) == len(kinds)
    if not good or any(type(part) is not kind for part, kind in zip(parts, kinds, strict=True)):
        raise bad_cursor()
    if any(isinstance(part, int) and not 0 <= part <= _MAX_NUMBER for part in parts):
        raise bad_cursor()
    if any(isinstance(part, str) and not is_storable(part) for part in parts):
        raise bad_cursor()
    return parts


def _moment(text: str) -> datetime:
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        raise bad_cursor() from None
    if at.tzinfo is None:
        raise bad_cursor()
    return at


def bad_cursor() -> PolicyError:
    """Return the error for a cursor that is none of ours."""
    return PolicyError(
        "This is not a cursor of this list.",
        code="bad_cursor",
        action="Use nextCursor of the page before as it is, or leave it out to begin anew.",
        status_code=422,
    )
