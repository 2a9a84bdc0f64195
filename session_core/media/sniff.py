"""What a file is, by its bytes. What its sender says counts only where the bytes leave it open."""

from __future__ import annotations

import re
from pathlib import PurePosixPath

HEAD = 8192
"""Bytes from the beginning that are enough to tell."""

OCTETS = "application/octet-stream"
TEXT = "text/plain"
_ZIP = "application/zip"
_OLE = "application/x-ole-storage"

_SIGNATURES: tuple[tuple[bytes, str], ...] = (
    (b"\xff\xd8\xff", "image/jpeg"),
    (b"\x89PNG\r\n\x1a\n", "image/png"),
    (b"GIF87a", "image/gif"),
    (b"GIF89a", "image/gif"),
    (b"BM", "image/bmp"),
    (b"II*\0", "image/tiff"),
    (b"MM\0*", "image/tiff"),
    (b"%PDF-", "application/pdf"),
    (b"OggS", "audio/ogg"),
    (b"ID3", "audio/mpeg"),
    (b"#!AMR", "audio/amr"),
    (b"fLaC", "audio/flac"),
    (b"\x1aE\xdf\xa3", "video/webm"),
    (b"PK\x03\x04", _ZIP),
    (b"PK\x05\x06", _ZIP),
    (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", _OLE),
    (b"{\\rtf", "application/rtf"),
    (b"\x1f\x8b", "application/gzip"),
    (b"7z\xbc\xaf\x27\x1c", "application/x-7z-compressed"),
    (b"Rar!\x1a\x07", "application/vnd.rar"),
    (b"MZ", "application/vnd.microsoft.portable-executable"),
    (b"\x7fELF", "application/x-executable"),
)

_BRANDS = {
    b"3gp": "video/3gpp",
    b"3g2": "video/3gpp",
    b"qt ": "video/quicktime",
    b"M4A": "audio/mp4",
    b"M4B": "audio/mp4",
    b"hei": "image/heic",
    b"mif": "image/heif",
    b"avi": "image/avif",
}

_OFFICE = "application/vnd.openxmlformats-officedocument."
_OPEN = "application/vnd.oasis.opendocument."

_INSIDE: dict[str, dict[str, str]] = {
    _ZIP: {
        ".docx": f"{_OFFICE}wordprocessingml.document",
        ".xlsx": f"{_OFFICE}spreadsheetml.sheet",
        ".pptx": f"{_OFFICE}presentationml.presentation",
        ".odt": f"{_OPEN}text",
        ".ods": f"{_OPEN}spreadsheet",
        ".odp": f"{_OPEN}presentation",
        ".epub": "application/epub+zip",
        ".apk": "application/vnd.android.package-archive",
    },
    _OLE: {".doc": "application/msword", ".xls": "application/vnd.ms-excel", ".ppt": "application/vnd.ms-powerpoint"},
    TEXT: {
        ".csv": "text/csv",
        ".vcf": "text/vcard",
        ".ics": "text/calendar",
        ".json": "application/json",
        ".md": "text/markdown",
    },
}
"""Containers: which of the formats that are made with them it is, only the name says."""

_MARKUP = re.compile(
    rb"\s*(?:\xef\xbb\xbf)?\s*(?:<!--.*?-->\s*)*<(!doctype html|html|head|body|script|svg|\?xml)", re.S | re.I
)
_NOT_TEXT = re.compile(rb"[\x00-\x08\x0e-\x1a\x1c-\x1f]")
_MPEG_AUDIO = re.compile(rb"\xff[\xe2-\xe7\xf2-\xf7\xfa-\xff]")
_ADTS = re.compile(rb"\xff[\xf0\xf1\xf8\xf9]")


def sniff(head: bytes, filename: str | None = None) -> str:
    """Return the MIME type of a file.

    Args:
        head: its first `HEAD` bytes, or all of it when it is shorter.
        filename: decides between formats that share a container, and nothing else.

    Returns:
        ``application/octet-stream`` for what is not known.
    """
    found = _by_bytes(head)
    suffix = PurePosixPath(filename or "").suffix.lower()
    found = _INSIDE.get(found, {}).get(suffix, found)
    return OCTETS if found == _OLE else found


def _by_bytes(head: bytes) -> str:
    if head[4:8] == b"ftyp":
        return _BRANDS.get(head[8:11], "video/mp4")
    if head[:4] == b"RIFF":
        return {b"WEBP": "image/webp", b"WAVE": "audio/wav", b"AVI ": "video/x-msvideo"}.get(head[8:12], OCTETS)
    for signature, mime in _SIGNATURES:
        if head.startswith(signature):
            return mime
    if _ADTS.match(head):
        return "audio/aac"
    if _MPEG_AUDIO.match(head):
        return "audio/mpeg"
    return _text(head)


def _text(head: bytes) -> str:
    if not head or _NOT_TEXT.search(head):
        return OCTETS
    markup = _MARKUP.match(head)
    if markup is not None:
        word = markup[1].lower()
        if word == b"svg" or (word == b"?xml" and b"<svg" in head.lower()):
            return "image/svg+xml"
        return "application/xml" if word == b"?xml" and b"<html" not in head.lower() else "text/html"
    try:
        head[:-3].decode()
    except UnicodeDecodeError as error:
        # Only a letter that the cut went through may be broken.
        if error.start < len(head) - 8:
            return OCTETS
    return TEXT
