"""Where a person goes after signing in. The address comes from the page's own address, so anybody can write it."""

from __future__ import annotations

import math
import re
from datetime import timedelta
from urllib.parse import quote, urlencode, urlsplit

HOME = "/settings/connections"
SIGN_IN = "/sign-in"
SIGN_UP = "/sign-up"

MAX_NEXT = 512

_UNSAFE = re.compile(r"[\x00-\x20\x7f\\]")
"""Browsers drop tabs and newlines and read a backslash as a slash: ``/\\t/evil`` would leave our site."""


def safe_next(target: str | None, default: str = HOME) -> str:
    """Return ``target`` when it is a path on our own site, else ``default``.

    Args:
        target: what ``?next=`` said.
        default: where people go without it.
    """
    if not target or len(target) > MAX_NEXT or _UNSAFE.search(target):
        return default
    if not target.startswith("/") or target.startswith("//"):
        return default
    parts = urlsplit(target)
    if parts.scheme or parts.netloc or parts.path.startswith((SIGN_IN, SIGN_UP, "/auth/", "/api/")):
        return default
    # Location is an ASCII header.
    return quote(target, safe="/?&=#%:@!$'()*+,;~[]")


def read_wait(said: object) -> timedelta | None:
    """Return how long to wait, as the address of a form's page says it; None when it says nothing sensible."""
    text = str(said or "")
    if not (text.isascii() and text.isdecimal() and len(text) <= 6) or int(text) == 0:
        return None
    return timedelta(seconds=int(text))


def page_with_error(page: str, code: str, target: str | None, wait: timedelta | None = None) -> str:
    """Return the address of a form's page that says what went wrong and still knows where to go next.

    Args:
        page: the form's page.
        code: of the error.
        target: where to go after signing in.
        wait: how long the next tries are refused, too.
    """
    query = {"error": code}
    if wait is not None:
        query["wait"] = str(max(1, math.ceil(wait.total_seconds())))
    following = safe_next(target)
    if following != HOME:
        query["next"] = following
    return f"{page}?{urlencode(query)}"
