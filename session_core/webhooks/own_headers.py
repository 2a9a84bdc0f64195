"""Headers that an endpoint's owner adds: which there may be, and how they are kept.

A value may be a password of the receiver, so all of them are encrypted like the signing secret and never shown again.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping

from session_core.errors import PolicyError
from session_core.store.models import WebhookEndpoint
from session_core.webhooks.secrets import Vault

MAX_HEADERS = 10
MAX_NAME = 64
MAX_VALUE = 1000

_NAME = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]+")
_VALUE = re.compile(r"[\x21-\x7e]([\x20-\x7e]*[\x21-\x7e])?")

_OUR_API_KEY = re.compile(r"wak_[0-9a-f]{10}_")
"""A key that opens this server: nobody should get one with every event."""

_OURS = frozenset({"accept", "accept-encoding", "content-length", "content-type", "host", "user-agent"})
_HOP_BY_HOP = frozenset(
    {
        "connection",
        "expect",
        "keep-alive",
        "proxy-authenticate",
        "proxy-authorization",
        "proxy-connection",
        "te",
        "trailer",
        "transfer-encoding",
        "upgrade",
    }
)
_SIGNATURES = ("webhook-", "x-webhook-")


def checked(wanted: Mapping[str, str | None], known: Mapping[str, str]) -> dict[str, str]:
    """Return the headers that an endpoint has from now on.

    Args:
        wanted: values by name; None keeps the value that is known.
        known: the endpoint's headers so far.

    Raises:
        PolicyError: 422 ``bad_webhook_headers``.
    """
    kept = {name.lower(): value for name, value in known.items()}
    found = {name: kept.get(name.lower(), "") if value is None else value.strip() for name, value in wanted.items()}
    if len(found) > MAX_HEADERS or len({name.lower() for name in found}) < len(found):
        raise _refused(f"There can be {MAX_HEADERS} headers, each name once.")
    for name, value in found.items():
        _check(name, value)
    return found


def _check(name: str, value: str) -> None:
    low = name.lower()
    if len(name) > MAX_NAME or not _NAME.fullmatch(name):
        raise _refused("This is no name of a header.")
    if low in _OURS or low in _HOP_BY_HOP or low.startswith(_SIGNATURES):
        raise _refused(f"{name} cannot be set: it belongs to the connection or to the signature.")
    if len(value) > MAX_VALUE or not _VALUE.fullmatch(value):
        raise _refused(f"{name} needs a value of up to {MAX_VALUE} printable ASCII characters.")
    if _OUR_API_KEY.search(value):
        raise _refused(f"{name} holds an API key of this server: whoever gets the events could use it.")


def _refused(message: str) -> PolicyError:
    return PolicyError(
        message,
        code="bad_webhook_headers",
        action="Write headers like X-Team: sales, or Authorization: Bearer and a token of the receiver.",
        status_code=422,
    )


def sealed(vault: Vault, row: WebhookEndpoint, headers: Mapping[str, str]) -> None:
    """Put headers into an endpoint's row, encrypted."""
    row.header_names = list(headers)
    row.headers = vault.seal(row.id, json.dumps(dict(headers))) if headers else None


def opened(vault: Vault, row: WebhookEndpoint) -> dict[str, str]:
    """Return an endpoint's headers with their values.

    Raises:
        FatalError: ``webhook_key_missing``, no key here opens them.
    """
    if row.headers is None:
        return {}
    found: dict[str, str] = json.loads(vault.open(row.id, row.headers))
    return found
