"""Secrets that are shown once. A state is kept in Valkey for as long as its tab; an event is not kept at all."""

from __future__ import annotations

import json
from typing import Any

import reflex as rx


def show_once(place: str, secret: str) -> Any:
    """Return the event that shows a secret in the `Once` element with the id ``place``, whenever that appears."""
    return rx.call_script(f"window.whahookOnce({json.dumps(place)}, {json.dumps(secret)})")
