"""What stands in the clear at the beginning of an archive. Every chunk is bound to it."""

from __future__ import annotations

import hashlib
import json
import struct
from dataclasses import asdict, dataclass
from uuid import UUID

from session_core.backups.errors import BackupDamaged
from session_core.backups.streams import Readable, read_exactly

MAGIC = b"WABK1"
SALT_BYTES = 16
PREFIX_BYTES = 7
CHUNK_BYTES = 1024 * 1024
SMALLEST_CHUNK = 16
LARGEST_CHUNK = 8 * 1024 * 1024
MAX_HEADER = 4096

_LENGTH = struct.Struct(">H")


@dataclass(frozen=True, slots=True)
class Header:
    """The header: which key opens the archive, and whose login at which moment is in it.

    Attributes:
        key_id: id of the master key.
        salt: 16 random bytes in hex; with the master key they give the archive's own key.
        prefix: 7 random bytes in hex; the nonces begin with them.
        chunk: plain bytes in each chunk but the last.
        account_id: whose login it is.
        backup_id: the row that it belongs to.
        epoch: fencing number of the lease under which it was made.
    """

    key_id: str
    salt: str
    prefix: str
    chunk: int
    account_id: str
    backup_id: str
    epoch: int

    def encode(self) -> bytes:
        """Return the header as it stands in the file."""
        body = json.dumps(asdict(self), separators=(",", ":"), sort_keys=True).encode()
        return MAGIC + _LENGTH.pack(len(body)) + body

    @property
    def digest(self) -> bytes:
        """What each chunk is bound to: a chunk of another archive, or under a changed header, does not open."""
        return hashlib.sha256(self.encode()).digest()


def read_header(source: Readable) -> Header:
    """Read the header off the beginning of an archive.

    Raises:
        BackupDamaged: it is none of ours, or was changed beyond reading.
    """
    if read_exactly(source, len(MAGIC)) != MAGIC:
        raise BackupDamaged("This is no backup of WhaHook.")
    raw_length = read_exactly(source, _LENGTH.size)
    length = _LENGTH.unpack(raw_length)[0] if len(raw_length) == _LENGTH.size else 0
    body = read_exactly(source, length) if 0 < length <= MAX_HEADER else b""
    try:
        header = _checked(json.loads(body))
    except (ValueError, TypeError, RecursionError) as error:
        raise BackupDamaged("The backup's header cannot be read.") from error
    if len(body) != length or header.encode() != MAGIC + raw_length + body:
        # Written differently it would mean the same to us and something else to the chunks.
        raise BackupDamaged("The backup's header was changed.")
    return header


def _checked(fields: object) -> Header:
    if not isinstance(fields, dict):
        raise ValueError("no object")
    header = Header(**fields)
    texts = (header.key_id, header.salt, header.prefix, header.account_id, header.backup_id)
    numbers = (header.chunk, header.epoch)
    if not all(type(value) is str for value in texts) or not all(type(value) is int for value in numbers):
        raise ValueError("wrong types")
    if len(bytes.fromhex(header.salt)) != SALT_BYTES or len(bytes.fromhex(header.prefix)) != PREFIX_BYTES:
        raise ValueError("wrong lengths")
    if not SMALLEST_CHUNK <= header.chunk <= LARGEST_CHUNK:
        raise ValueError("wrong chunk size")
    UUID(header.account_id)
    UUID(header.backup_id)
    return header
