"""The cryptography between a phone, the server and a linked device.

Simpler than the real protocol, with the same consequences: a scan proves the keys in the QR, the phone's answer proves
that it knows the ADV secret, and a login proves the possession of the noise key. All keys and proofs travel as base64.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import json
import secrets
from dataclasses import dataclass

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

CODE_ITERATIONS = 20_000
CODE_ALPHABET = "123456789ABCDEFGHJKLMNPQRSTVWXYZ"
"""Characters of a pairing code: no 0, I, O, U, as on the real service."""


def decode(text: str) -> bytes:
    """Return the bytes of base64 text; empty when it is none."""
    try:
        return base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        return b""


def encode(data: bytes) -> str:
    """Return base64 text."""
    return base64.b64encode(data).decode()


class LoginChallenge:
    """Lets a page prove that it holds the private noise key: HMAC over a nonce with the X25519 secret as key."""

    def __init__(self) -> None:
        self._private = X25519PrivateKey.generate()
        self._nonce = secrets.token_bytes(32)

    def message(self) -> dict[str, str]:
        """Return what the page needs to answer."""
        public = self._private.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)
        return {"serverPub": encode(public), "nonce": encode(self._nonce)}

    def verify(self, noise_pub: str, proof: str) -> bool:
        """Tell whether ``proof`` was made with the private half of ``noise_pub``."""
        try:
            shared = self._private.exchange(X25519PublicKey.from_public_bytes(decode(noise_pub)))
        except ValueError:  # not 32 bytes, or a point of low order
            return False
        return hmac.compare_digest(hmac.digest(shared, self._nonce, "sha256"), decode(proof))


@dataclass(frozen=True)
class Identity:
    """The phone's answer to a device: whose it is, under an HMAC with the secret that only phone and page share."""

    details: str
    hmac: str

    @classmethod
    def make(cls, secret: bytes, facts: dict[str, object]) -> Identity:
        """Build it; ``facts`` become JSON in ``details`` (base64)."""
        raw = json.dumps(facts, sort_keys=True).encode()
        return cls(encode(raw), encode(hmac.digest(secret, raw, "sha256")))


def signed_by(identity_pub: str, details: str, signature: str) -> bool:
    """Tell whether ``signature`` over ``details`` was made with the private half of ``identity_pub`` (Ed25519)."""
    try:
        Ed25519PublicKey.from_public_bytes(decode(identity_pub)).verify(decode(signature), decode(details))
    except (InvalidSignature, ValueError):
        return False
    return True


def code_keys(code: str, salt: bytes) -> tuple[bytes, bytes]:
    """Return what a pairing code proves with and the secret it gives, 32 bytes each (PBKDF2-HMAC-SHA256)."""
    derived = hashlib.pbkdf2_hmac("sha256", code.encode(), salt, CODE_ITERATIONS, dklen=64)
    return derived[:32], derived[32:]
