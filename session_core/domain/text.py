"""Texts from outside: what cannot be stored, and what to do about it."""

from __future__ import annotations

import re
import unicodedata

_UNSTORABLE = re.compile("[\0\ud800-\udfff]")
"""NUL, and halves of a surrogate pair: no UTF-8, refused by Postgres and by JSON."""

REPLACEMENT = "\ufffd"


def is_storable(text: str) -> bool:
    """Tell whether every database and every encoder takes the text as it is."""
    return _UNSTORABLE.search(text) is None


def storable(text: str, limit: int | None = None) -> str:
    """Return the text with `REPLACEMENT` in place of what cannot be stored, cut to ``limit`` characters.

    For what others wrote and we only keep; what a person sends us is refused instead of changed.
    """
    return _UNSTORABLE.sub(REPLACEMENT, text)[:limit]


def fold(text: str) -> str:
    """Return a text as it is searched: case and accents do not count, nor how a character is put together."""
    return without_accents(text).casefold()


def without_accents(text: str) -> str:
    """Return a text without accents, each character in its plainest form."""
    decomposed = unicodedata.normalize("NFKD", text)
    return "".join(c for c in decomposed if not unicodedata.combining(c))
