"""The headers by which a receiver knows that a request is ours, and which event it is.

Two conventions beside each other: Standard Webhooks 1.0 (``webhook-*``), and what receivers of WAHA check
(``X-Webhook-*``).
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import secrets
from collections.abc import Sequence
from datetime import datetime

PREFIX = "whsec_"

SECRET_BYTES = 32
"""Standard Webhooks asks for 24 to 64."""


def new_secret() -> str:
    """Return a fresh secret as its owner notes it: ``whsec_`` and base64."""
    return PREFIX + base64.b64encode(secrets.token_bytes(SECRET_BYTES)).decode()


def headers(event_id: str, body: bytes, keys: Sequence[str], now: datetime) -> dict[str, str]:
    """Return the headers of a request.

    Args:
        event_id: the same at every try, so that a receiver can tell a repetition.
        body: exactly what is sent.
        keys: the secrets that count, newest first. ``webhook-signature`` has one signature for each; WAHA's header
            has room for one, which is that of the oldest until it counts no more.
        now: the time; receivers refuse what is too old.
    """
    seconds = str(int(now.timestamp()))
    return {
        "webhook-id": event_id,
        "webhook-timestamp": seconds,
        "webhook-signature": " ".join(standard(key, event_id, seconds, body) for key in keys),
        "X-Webhook-Request-Id": event_id,
        "X-Webhook-Timestamp": str(int(now.timestamp() * 1000)),
        "X-Webhook-Hmac": waha(keys[-1], body),
        "X-Webhook-Hmac-Algorithm": "sha512",
    }


def standard(key: str, event_id: str, seconds: str, body: bytes) -> str:
    """Return ``v1,`` and the HMAC-SHA256 of Standard Webhooks in base64. The key is what the secret's base64 means."""
    raw = base64.b64decode(key.removeprefix(PREFIX))
    signed = b".".join((event_id.encode(), seconds.encode(), body))
    return "v1," + base64.b64encode(hmac.digest(raw, signed, hashlib.sha256)).decode()


def waha(key: str, body: bytes) -> str:
    """Return WAHA's HMAC: SHA-512 of the body in hex. The key is the secret's text as it stands, prefix and all."""
    return hmac.digest(key.encode(), body, hashlib.sha512).hex()
