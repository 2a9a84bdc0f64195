"""Media as the phones see it: encrypted files on a server that cannot read them, and the keys inside the messages.

The steps are WhatsApp's: a random media key, expanded by HKDF-SHA256 with the kind's name into an IV, a cipher key and
a MAC key; AES-256-CBC; the first ten bytes of an HMAC-SHA256 behind it; hashes of the plain and of the encrypted bytes.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import os
import re
import secrets
from pathlib import Path

from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from cryptography.hazmat.primitives.padding import PKCS7
from pydantic import Field

from session_core.sandbox.config import Camel
from session_core.sandbox.errors import SandboxError

KEY_NAMES = {
    "image": "WhatsApp Image Keys",
    "sticker": "WhatsApp Image Keys",
    "video": "WhatsApp Video Keys",
    "audio": "WhatsApp Audio Keys",
    "ptt": "WhatsApp Audio Keys",
    "document": "WhatsApp Document Keys",
}
"""Kinds of media, as messages call them."""

MAC_BYTES = 10
MAX_BYTES = 200 * 1024 * 1024
_BLOCK_BITS = 128
_NAME = re.compile(r"[A-Za-z0-9_-]{43}")


class Media(Camel):
    """What a message says about its file. Hashes and key are base64, as on the wire.

    Attributes:
        direct_path: where the encrypted bytes are.
        filehash: SHA-256 of the plain bytes.
        enc_filehash: SHA-256 of the encrypted bytes, MAC included.
        seconds: how long it plays.
        thumbnail: a tiny JPEG, base64.
    """

    mimetype: str = Field(max_length=200)
    filename: str | None = Field(default=None, max_length=1000)
    size: int = Field(ge=0, le=MAX_BYTES)
    filehash: str = Field(max_length=60)
    enc_filehash: str = Field(max_length=60)
    media_key: str = Field(max_length=60)
    media_key_timestamp: int = 0
    direct_path: str = Field(max_length=300)
    seconds: float | None = None
    width: int | None = None
    height: int | None = None
    waveform: str | None = Field(default=None, max_length=2000)
    is_gif: bool = False
    is_caption_by_user: bool | None = None
    thumbnail: str | None = Field(default=None, max_length=100_000)


class Blobs:
    """The encrypted files, by the hash of their bytes."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def put(self, content: bytes) -> str:
        """Keep encrypted bytes; return the last part of their path."""
        name = base64.urlsafe_b64encode(hashlib.sha256(content).digest()).rstrip(b"=").decode()
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        unfinished = self._folder / f".{secrets.token_hex(6)}"
        unfinished.write_bytes(content)
        unfinished.rename(self._folder / name)
        return name

    def path(self, name: str) -> Path:
        """Return where a file is.

        Raises:
            SandboxError: 404 ``media_gone``.
        """
        path = self._folder / name
        if not _NAME.fullmatch(name) or not path.is_file():
            raise SandboxError(404, "media_gone", "There is no such file on the media server.")
        return path

    def name_of(self, direct_path: str) -> str:
        """Return the name within a path that a message gives."""
        return direct_path.partition("?")[0].rpartition("/")[2]


def encrypt(content: bytes, kind: str) -> tuple[bytes, bytes]:
    """Encrypt as a phone does; return the bytes for the server and the media key."""
    key = os.urandom(32)
    iv, cipher_key, mac_key = _expand(key, kind)
    padder = PKCS7(_BLOCK_BITS).padder()
    encryptor = Cipher(algorithms.AES(cipher_key), modes.CBC(iv)).encryptor()
    sealed = encryptor.update(padder.update(content) + padder.finalize()) + encryptor.finalize()
    return sealed + _mac(mac_key, iv + sealed), key


def decrypt(content: bytes, media: Media, kind: str) -> bytes:
    """Open a file as a phone does.

    Raises:
        SandboxError: 422 ``media_damaged``, a hash or the MAC is wrong: a phone would show nothing.
    """
    sealed, mac = content[:-MAC_BYTES], content[-MAC_BYTES:]
    iv, cipher_key, mac_key = _expand(base64.b64decode(media.media_key), kind)
    if _hash(content) != media.enc_filehash or not hmac.compare_digest(mac, _mac(mac_key, iv + sealed)):
        raise SandboxError(422, "media_damaged", "The encrypted bytes are not those that the message speaks of.")
    decryptor = Cipher(algorithms.AES(cipher_key), modes.CBC(iv)).decryptor()
    unpadder = PKCS7(_BLOCK_BITS).unpadder()
    opened = unpadder.update(decryptor.update(sealed) + decryptor.finalize()) + unpadder.finalize()
    if _hash(opened) != media.filehash or len(opened) != media.size:
        raise SandboxError(422, "media_damaged", "The plain bytes are not those that the message speaks of.")
    return opened


def pack(blobs: Blobs, content: bytes, kind: str, mimetype: str, filename: str | None, **more: object) -> Media:
    """Encrypt and store a file; return what a message says about it."""
    sealed, key = encrypt(content, kind)
    name = blobs.put(sealed)
    return Media.model_validate(
        {
            "mimetype": mimetype,
            "filename": filename,
            "size": len(content),
            "filehash": _hash(content),
            "enc_filehash": _hash(sealed),
            "media_key": base64.b64encode(key).decode(),
            "direct_path": f"/v/{name}",
            **more,
        }
    )


def _expand(key: bytes, kind: str) -> tuple[bytes, bytes, bytes]:
    expanded = HKDF(SHA256(), 112, salt=None, info=KEY_NAMES[kind].encode()).derive(key)
    return expanded[:16], expanded[16:48], expanded[48:80]


def _mac(key: bytes, content: bytes) -> bytes:
    return hmac.digest(key, content, "sha256")[:MAC_BYTES]


def _hash(content: bytes) -> str:
    return base64.b64encode(hashlib.sha256(content).digest()).decode()
