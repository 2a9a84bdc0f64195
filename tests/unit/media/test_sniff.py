from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from session_core.media.sniff import sniff

WORD = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"

KNOWN = [
    (b"\xff\xd8\xff\xe0\0\x10JFIF", None, "image/jpeg"),
    (b"\x89PNG\r\n\x1a\n\0\0", None, "image/png"),
    (b"GIF89a..", None, "image/gif"),
    (b"RIFF\0\0\0\0WEBPVP8 ", None, "image/webp"),
    (b"RIFF\0\0\0\0WAVEfmt ", None, "audio/wav"),
    (b"\0\0\0\x18ftypmp42\0\0", None, "video/mp4"),
    (b"\0\0\0\x18ftyp3gp5\0\0", None, "video/3gpp"),
    (b"\0\0\0\x18ftypM4A \0\0", None, "audio/mp4"),
    (b"\x1aE\xdf\xa3\x01\0", None, "video/webm"),
    (b"OggS\0\x02\0", None, "audio/ogg"),
    (b"ID3\x04\0", None, "audio/mpeg"),
    (b"\xff\xfb\x90\x64\0", None, "audio/mpeg"),
    (b"\xff\xf1\x50\x80\0", None, "audio/aac"),
    (b"%PDF-1.7\n", None, "application/pdf"),
    (b"PK\x03\x04....", "offer.docx", WORD),
    (b"PK\x03\x04....", "offer.zip", "application/zip"),
    (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "old.xls", "application/vnd.ms-excel"),
    (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", None, "application/octet-stream"),
    (b"a,b\n1,2\n", "table.csv", "text/csv"),
    ("mañana".encode(), None, "text/plain"),
    (b"\0\x01\x02", None, "application/octet-stream"),
    (b"", None, "application/octet-stream"),
]

DISGUISED = [
    (b"<!DOCTYPE html><script>x</script>", "photo.jpg", "text/html"),
    (b"\n <html>", "photo.png", "text/html"),
    (b"<!-- hi --><svg onload=x>", "photo.png", "image/svg+xml"),
    (b'<?xml version="1.0"?><svg xmlns="...">', None, "image/svg+xml"),
    (b"MZ\x90\0", "holiday.jpg", "application/vnd.microsoft.portable-executable"),
    (b"\xff\xd8\xff\xe0", "contract.pdf", "image/jpeg"),
    (b"hello", "video.mp4", "text/plain"),
]
"""What a name says is not what it is."""


@pytest.mark.parametrize(("head", "filename", "mime"), KNOWN + DISGUISED)
def test_types(head: bytes, filename: str | None, mime: str) -> None:
    assert sniff(head, filename) == mime


def test_a_letter_that_the_cut_goes_through_is_still_text() -> None:
    assert sniff(("ñ" * 10_000).encode()[:8191]) == "text/plain"
    assert sniff(b"text \xff text that goes on and on") == "application/octet-stream"


@given(st.binary(max_size=64), st.text(max_size=20))
def test_anything_has_a_type(head: bytes, filename: str) -> None:
    family, _, kind = sniff(head, filename).partition("/")
    assert family
    assert kind
