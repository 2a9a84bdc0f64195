"""How values are written in the environment: durations, sizes, origins, mailboxes."""

from __future__ import annotations

import re
from datetime import timedelta
from email.utils import getaddresses
from typing import Annotated
from urllib.parse import urlsplit

from pydantic import AfterValidator, AliasChoices, BeforeValidator, Field

_DURATION = re.compile(r"^\s*(\d+(?:\.\d+)?)\s*(ms|s|m|h|d)?\s*$")
_UNIT_SECONDS = {"ms": 0.001, "s": 1, "m": 60, "h": 3600, "d": 86400, None: 1}


def parse_duration(value: object) -> object:
    """Turn ``"90"``, ``"90s"``, ``"1.5m"``, ``"2h"`` or ``"30d"`` into a timedelta; leave anything else to pydantic."""
    if isinstance(value, str) and (match := _DURATION.match(value)):
        try:
            return timedelta(seconds=float(match[1]) * _UNIT_SECONDS[match[2]])
        except OverflowError:
            raise ValueError("is too long") from None
    return value


def _positive(value: timedelta) -> timedelta:
    if value <= timedelta(0):
        raise ValueError("must be longer than zero")
    return value


Duration = Annotated[timedelta, BeforeValidator(parse_duration), AfterValidator(_positive)]


_SIZE = re.compile(r"^\s*(\d+(?:\.\d+)?)\s*(MB|GB)?\s*$", re.IGNORECASE)
_UNIT_BYTES = {"MB": 1024**2, "GB": 1024**3}


def parse_size(value: object) -> object:
    """Turn ``"600MB"``, ``"1.5 GB"`` or ``"600"`` (MB) into bytes; leave anything else to pydantic."""
    if isinstance(value, str) and (match := _SIZE.match(value)):
        return int(float(match[1]) * _UNIT_BYTES[(match[2] or "MB").upper()])
    return value


Size = Annotated[int, BeforeValidator(parse_size), Field(ge=1024**2)]
"""Bytes, at least a megabyte."""


ADDRESS = re.compile(r"[A-Za-z0-9._%+=-]+@[A-Za-z0-9.-]+")
"""An e-mail address that every mail server takes."""


def env(name: str) -> AliasChoices:
    """Read the variable ``name`` (well-known names of other tools have no prefix)."""
    return AliasChoices(name)


def origin_of(url: str) -> str:
    """Return scheme, host and port as browsers write them in ``Origin``: lower case, no default port, no path."""
    parts = urlsplit(url)
    host = f"[{parts.hostname}]" if ":" in (parts.hostname or "") else parts.hostname or ""
    default = {"http": 80, "https": 443}[parts.scheme]
    return f"{parts.scheme}://{host}" + (f":{parts.port}" if parts.port not in {None, default} else "")


def mailbox(value: str) -> tuple[str, str]:
    """Split ``Name <address>`` or a bare address; ValueError when it is neither."""
    found = getaddresses([value])
    name, address = found[0]
    if len(found) != 1 or not ADDRESS.fullmatch(address) or not value.isprintable():
        raise ValueError("must be like alerts@example.org or WhaHook <alerts@example.org>")
    return name or "WhaHook", address
