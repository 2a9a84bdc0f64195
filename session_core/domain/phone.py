"""Phone numbers: how people write them, how WhatsApp names them."""

from __future__ import annotations

import re

import phonenumbers

from session_core.domain.ids import is_chat_id
from session_core.errors import PolicyError


def normalize_phone(text: str) -> str:
    """Return the number as digits with the country code and no plus, e.g. ``"34612345678"``.

    Accepts what people paste: ``+34 612 34 56 78``, ``0034…``, ``34612345678``.

    Raises:
        PolicyError: 422 ``bad_phone`` when it cannot be a number with a country code.
    """
    digits = re.sub(r"[\s().\-/]", "", text.strip())
    digits = digits.removeprefix("00") if digits.startswith("00") else digits.removeprefix("+")
    problem = PolicyError(
        "This is not a phone number with a country code.",
        code="bad_phone",
        action="Write it in international form, like +34 612 34 56 78.",
        status_code=422,
    )
    if not re.fullmatch(r"[1-9][0-9]{6,14}", digits):
        raise problem
    try:
        number = phonenumbers.parse(f"+{digits}")
    except phonenumbers.NumberParseException:
        raise problem from None
    if not phonenumbers.is_possible_number(number):
        raise problem
    return digits


def format_phone(digits: str | None) -> str:
    """Write a number as people do, ``+34 612 34 56 78``; an empty text for None."""
    if not digits:
        return ""
    try:
        number = phonenumbers.parse(f"+{digits.removeprefix('+')}")
    except phonenumbers.NumberParseException:
        return f"+{digits}"
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.INTERNATIONAL)


def chat_id(to: str) -> str:
    """Turn a recipient (number or chat id) into WhatsApp's chat id.

    Raises:
        PolicyError: 422 ``bad_phone`` when it is neither.
    """
    text = to.strip()
    if "@" in text:
        if not is_chat_id(text):
            raise PolicyError(
                "This is neither a phone number nor a chat id.",
                code="bad_recipient",
                action="Use a number with country code, or a chat id ending in @c.us, @lid or @g.us.",
                status_code=422,
            )
        return text.replace("@s.whatsapp.net", "@c.us")
    return f"{normalize_phone(text)}@c.us"
