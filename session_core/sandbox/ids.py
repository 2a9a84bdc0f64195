"""Phone numbers, WhatsApp ids and the ids of messages, as the sandbox uses them."""

from __future__ import annotations

import hashlib
import re
import secrets

from session_core.sandbox.errors import SandboxError

_SEPARATORS = re.compile(r"[\s().\-]")
_NUMBER = re.compile(r"[1-9][0-9]{6,14}")
_LID = re.compile(r"[0-9]{5,20}")


def parse_number(text: str) -> str:
    """Return the digits of a number that a person wrote (``+34 600 11 22 33`` -> ``34600112233``).

    Also takes a WhatsApp id of a number (``34600112233@c.us``). Digits as in E.164: 7 to 15, country code first, no
    leading zero.

    Raises:
        SandboxError: 422 ``malformed_number``.
    """
    written = text.strip().removesuffix("@c.us").removesuffix("@s.whatsapp.net")
    digits = _SEPARATORS.sub("", written).removeprefix("+")
    if not _NUMBER.fullmatch(digits):
        raise SandboxError(
            422,
            "malformed_number",
            f"'{text}' is no phone number. Write country code and number, 7 to 15 digits: +34 600 11 22 33.",
        )
    return digits


def lid_of(number: str) -> str:
    """Return the account's hidden id (LID), 15 digits that belong to ``number`` for ever, without the ``@lid``."""
    value = int.from_bytes(hashlib.sha256(f"lid:{number}".encode()).digest()[:7], "big")
    return str(10**14 + value % (9 * 10**14))


def split_wid(wid: str) -> tuple[str, str]:
    """Return user and server of an id: ``"34600112233@c.us"`` -> ``("34600112233", "c.us")``. A device part is dropped.

    Raises:
        SandboxError: 422 ``malformed_id`` when it is neither a number's id nor a LID.
    """
    user, _, server = wid.partition("@")
    user = user.partition(":")[0]
    if (server == "c.us" and _NUMBER.fullmatch(user)) or (server == "lid" and _LID.fullmatch(user)):
        return user, server
    raise SandboxError(422, "malformed_id", f"'{wid}' is neither a number's id (...@c.us) nor a hidden one (...@lid).")


_GROUP = re.compile(r"[0-9]{5,20}(-[0-9]{1,20})?@g\.us")


def is_group(wid: str) -> bool:
    """Tell whether an id is a group's."""
    return _GROUP.fullmatch(wid) is not None


def new_group_id() -> str:
    """Return an id as the server gives new groups."""
    return f"1203634{secrets.randbelow(10**11):011d}@g.us"


def new_message_id() -> str:
    """Return an id as phones make them: 32 upper-case hexadecimal characters."""
    return "3EB0" + secrets.token_hex(14).upper()


def new_ref() -> str:
    """Return a QR reference: ``2@`` and base64-like text, without a comma (the QR separates its fields by commas)."""
    return "2@" + secrets.token_urlsafe(48)
