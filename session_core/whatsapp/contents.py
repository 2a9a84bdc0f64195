"""What messages of the page say, turned into contents. What a kind does not hold in the known form is no content."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from pydantic import ValidationError

from session_core.domain.content import CONTENTS, AnyContent
from session_core.domain.text import storable

KINDS = {
    "chat": "text",
    "ptt": "voice",
    "ptv": "video",
    "gif": "video",
    "vcard": "contact",
    "multi_vcard": "contact",
    "poll_creation": "poll",
}
"""WhatsApp's name -> ours, where they differ."""

_NUMBER = re.compile(r"^TEL([^:\n]*):([^\n]*)$", re.MULTILINE)
_WHATSAPP = re.compile(r"waid=(\d+)")


def read(kind: str, text: str, said: Mapping[str, Any] | None) -> AnyContent | None:
    """Return what a message of one of our kinds says; None for what is not understood."""
    fields = _fields(kind, text, said or {})
    if fields is None:
        return None
    try:
        return CONTENTS.validate_python({"type": kind, **_clean(fields)})
    except ValidationError:
        return None


def _fields(kind: str, text: str, said: Mapping[str, Any]) -> dict[str, Any] | None:
    if kind == "text":
        return {"text": text, "mentions": said.get("mentions") or ()}
    if kind == "location" and said:
        name, _, address = str(said.get("place") or "").partition("\n")
        return {**_only(said, "latitude", "longitude", "live"), "name": name, "address": address}
    if kind == "contact" and said:
        return {"contacts": [_card(card) for card in said.get("contacts") or ()]}
    if kind == "poll" and said:
        return _only(said, "question", "options", "selectable")
    return None


def _card(card: Mapping[str, Any]) -> dict[str, Any]:
    vcard = str(card.get("vcard") or "")
    number = _NUMBER.search(vcard)
    on_whatsapp = _WHATSAPP.search(number[1]) if number else None
    phone = on_whatsapp[1] if on_whatsapp else number[2].strip()[:64] if number else None
    return {"name": card.get("name") or phone or "?", "phone": phone or None, "vcard": vcard or None}


def _only(said: Mapping[str, Any], *names: str) -> dict[str, Any]:
    return {name: said.get(name) for name in names}


def _clean(value: Any) -> Any:
    if isinstance(value, str):
        return storable(value)
    if isinstance(value, dict):
        return {name: _clean(item) for name, item in value.items()}
    if isinstance(value, list | tuple):
        return [_clean(item) for item in value]
    return value
