"""The secrets of endpoints at rest: they have to be read again to sign, so they are encrypted and not hashed."""

from __future__ import annotations

import base64
import os
from dataclasses import dataclass, field
from pathlib import Path
from uuid import UUID

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from session_core import key_files
from session_core.errors import FatalError

KEY_FILE = "webhook.key"

_NONCE_BYTES = 12


@dataclass(frozen=True, slots=True)
class Vault:
    """Encrypts secrets with the first of its keys, and opens what any of them encrypted (AES-256-GCM)."""

    keys: dict[str, bytes] = field(repr=False)

    def seal(self, endpoint_id: UUID, secret: str) -> str:
        """Return a secret as it is stored; it opens for this endpoint only."""
        key_id, key = next(iter(self.keys.items()))
        nonce = os.urandom(_NONCE_BYTES)
        sealed = nonce + AESGCM(key).encrypt(nonce, secret.encode(), endpoint_id.bytes)
        return f"{key_id}:{base64.b64encode(sealed).decode()}"

    def open(self, endpoint_id: UUID, stored: str) -> str:
        """Return a secret.

        Raises:
            FatalError: ``webhook_key_missing``, no key here opens it.
        """
        key_id, _, encoded = stored.partition(":")
        try:
            sealed = base64.b64decode(encoded, validate=True)
            key = AESGCM(self.keys[key_id])
            return key.decrypt(sealed[:_NONCE_BYTES], sealed[_NONCE_BYTES:], endpoint_id.bytes).decode()
        except (KeyError, ValueError, InvalidTag) as error:
            raise FatalError(
                f"The secret of a webhook was encrypted with the key {key_id!r}, which is not here.",
                code="webhook_key_missing",
                action="Give every machine the same WHAHOOK_WEBHOOK_KEYS, old keys behind the one in use.",
            ) from error


def open_vault(setting: str | None, data_dir: Path) -> Vault:
    """Return the vault with the keys of the setting or of the key file in the data folder. Blocking.

    Raises:
        FatalError: ``bad_webhook_key``, the key file cannot be used. It is never replaced.
    """
    path = data_dir / KEY_FILE
    try:
        return Vault(key_files.load(setting, path))
    except (OSError, ValueError) as error:
        raise FatalError(
            f"The key of the webhooks cannot be read from {path}: {error}.",
            code="bad_webhook_key",
            action="Put the file back as it was; without it every endpoint needs a new secret.",
        ) from error
