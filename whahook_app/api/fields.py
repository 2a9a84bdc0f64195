"""Kinds of fields that several schemas share."""

from __future__ import annotations

import re
from typing import Annotated

from pydantic import AfterValidator

_CONTROL = re.compile(r"[\x00-\x1f\x7f]")


def _one_line(value: str) -> str:
    if _CONTROL.search(value):
        raise ValueError("must not contain control characters")
    return value


Line = Annotated[str, AfterValidator(_one_line)]
"""A text on one line: no line breaks, no NUL (Postgres cannot store it)."""
