"""What messages carry beside their text, by WhatsApp Web's own names: the page puts it into its models as it is."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pydantic import ConfigDict, Field, ValidationError

from session_core.sandbox.config import Camel
from session_core.sandbox.errors import SandboxError

MAX_PARTS = 300


class _Fields(Camel):
    model_config = ConfigDict(extra="ignore")  # clients add what only they need

    mentioned_jid_list: list[str] = Field(default=[], max_length=1024)


class Location(_Fields):
    """Of a `location`; ``loc``: name and address, a line each."""

    lat: float = Field(ge=-90, le=90)
    lng: float = Field(ge=-180, le=180)
    loc: str = Field(default="", max_length=2000)


class VCard(_Fields):
    """Of a `vcard`; the card itself is its body."""

    body: str = Field(max_length=20_000)
    vcard_formatted_name: str = Field(default="", max_length=200)


class ListedCard(Camel):
    """One of several cards."""

    model_config = ConfigDict(extra="ignore")

    display_name: str = Field(max_length=200)
    vcard: str = Field(max_length=20_000)


class VCards(_Fields):
    """Of a `multi_vcard`."""

    vcard_list: list[ListedCard] = Field(min_length=2, max_length=MAX_PARTS)


class Option(Camel):
    """An answer of a poll; votes name it by ``local_id``."""

    model_config = ConfigDict(extra="ignore")

    name: str = Field(max_length=100)
    local_id: int


class Poll(_Fields):
    """Of a `poll_creation`; 0 selectable options: any number of them."""

    poll_name: str = Field(max_length=255)
    poll_options: list[Option] = Field(min_length=2, max_length=12)
    poll_selectable_options_count: int = Field(default=1, ge=0, le=12)


class Written(_Fields):
    """Of a `chat`: the preview of a link in it."""

    title: str = Field(default="", max_length=300)
    description: str = Field(default="", max_length=2000)
    canonical_url: str = Field(default="", max_length=2000)
    matched_text: str = Field(default="", max_length=2000)


class Captioned(_Fields):
    """Of media: the caption is the text, as for everything that people read."""


KINDS: dict[str, type[_Fields]] = {
    "location": Location,
    "vcard": VCard,
    "multi_vcard": VCards,
    "poll_creation": Poll,
}


def checked(kind: str, fields: object) -> dict[str, Any]:
    """Return what a message of this kind carries, checked.

    Raises:
        SandboxError: 422 ``invalid_content``.
    """
    given = fields if isinstance(fields, Mapping) else {}
    try:
        content = (KINDS | {"chat": Written}).get(kind, Captioned).model_validate(given)
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(str(part) for part in first["loc"])
        raise SandboxError(422, "invalid_content", f"content.{place}: {first['msg']}") from error
    return content.model_dump(by_alias=True, exclude_defaults=True)
