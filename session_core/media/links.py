"""Addresses that open one file for a short time, without a login: signed, so that only we can make them."""

from __future__ import annotations

import base64
import hmac
import re
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from functools import lru_cache
from pathlib import Path
from uuid import UUID

from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from session_core.backups.keys import load_keys
from session_core.settings import Settings

_TOKEN = re.compile(r"([si])([0-9a-f]{32})([0-9a-f]{1,12})\.([A-Za-z0-9_-]{43})")
_INFO = b"whahook media links v1"


class Purpose(StrEnum):
    """What a link is for: to be saved, or to be shown in a page where that is safe."""

    SAVE = "s"
    SHOW = "i"


@dataclass(frozen=True, slots=True)
class Link:
    """What a token says."""

    media_id: UUID
    purpose: Purpose
    expires_at: datetime


class Signer:
    """Makes tokens and reads them back. The keys are derived from those of the backups: there is no further secret."""

    def __init__(self, keys: tuple[bytes, ...]) -> None:
        """Prepare.

        Args:
            keys: the first one signs, each one opens.
        """
        self._keys = [HKDF(SHA256(), 32, salt=None, info=_INFO).derive(key) for key in keys]

    def token(self, link: Link) -> str:
        """Return the token of a link; its expiry is cut to whole seconds."""
        said = f"{link.purpose}{link.media_id.hex}{int(link.expires_at.timestamp()):x}"
        return f"{said}.{_seal(self._keys[0], said)}"

    def read(self, token: str, now: datetime) -> Link | None:
        """Return what a token says; None when it is not ours, was changed, or its time is over."""
        match = _TOKEN.fullmatch(token)
        if match is None:
            return None
        purpose, media_id, expires, seal = match.groups()
        said = f"{purpose}{media_id}{expires}"
        if not any(hmac.compare_digest(seal, _seal(key, said)) for key in self._keys):
            return None
        expires_at = datetime.fromtimestamp(int(expires, 16), UTC)
        return Link(UUID(media_id), Purpose(purpose), expires_at) if expires_at > now else None


def signer(settings: Settings) -> Signer:
    """Return this server's signer. Blocks the first time: it may make the key file.

    Raises:
        FatalError: ``bad_backup_key``.
    """
    return _signer(settings.backup_keys_text, settings.data_dir.absolute())


@lru_cache(maxsize=8)
def _signer(text: str | None, data_dir: Path) -> Signer:
    return Signer(tuple(load_keys(text, data_dir).keys.values()))


def _seal(key: bytes, said: str) -> str:
    digest = hmac.digest(key, said.encode(), "sha256")
    return base64.urlsafe_b64encode(digest).rstrip(b"=").decode()
