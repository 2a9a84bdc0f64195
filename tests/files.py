"""Small real files of every kind of media."""

from __future__ import annotations

import io
import os
import struct
import wave
from dataclasses import dataclass

from PIL import Image


@dataclass(frozen=True)
class File:
    """A file. ``kind``: as what messages of ours carry it; ``wa_type``: what WhatsApp calls that."""

    kind: str
    wa_type: str
    name: str
    mime: str
    content: bytes


def picture(format: str, size: tuple[int, int] = (64, 48)) -> bytes:
    """Return a picture of noise, so that no two are the same."""
    out = io.BytesIO()
    Image.frombytes("RGB", size, os.urandom(size[0] * size[1] * 3)).save(out, format)
    return out.getvalue()


def sound(seconds: float = 0.5) -> bytes:
    """Return noise as WAV."""
    out = io.BytesIO()
    with wave.open(out, "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(8000)
        file.writeframes(os.urandom(int(8000 * seconds) * 2))
    return out.getvalue()


def ogg() -> bytes:
    """Return the beginning of an Opus stream; no player plays it, every sniffer knows it."""
    head = b"OpusHead" + bytes([1, 1]) + struct.pack("<HIhB", 0, 48000, 0, 0)
    return b"OggS\0\x02" + bytes(20) + bytes([1, len(head)]) + head + os.urandom(2000)


def mp4() -> bytes:
    """Return something that begins like a video."""
    return struct.pack(">I4s4sI", 24, b"ftyp", b"mp42", 0) + b"mp42isom" + os.urandom(5000)


def every_kind() -> list[File]:
    """Return one file of each kind, new every time."""
    return [
        File("image", "image", "photo.jpg", "image/jpeg", picture("JPEG")),
        File("video", "video", "clip.mp4", "video/mp4", mp4()),
        File("audio", "audio", "song.wav", "audio/wav", sound()),
        File("voice", "ptt", "voice.ogg", "audio/ogg", ogg()),
        File("sticker", "sticker", "hello.webp", "image/webp", picture("WEBP", (96, 96))),
        File("document", "document", "año 2026.pdf", "application/pdf", b"%PDF-1.7\n" + os.urandom(9000)),
    ]
