from __future__ import annotations

from session_core.domain.media import MediaKind, fits, matches


def test_what_can_be_sent_as_what() -> None:
    assert fits(MediaKind.IMAGE, "image/jpeg")
    assert fits(MediaKind.VOICE, "audio/ogg")
    assert not fits(MediaKind.IMAGE, "application/pdf")
    assert not fits(MediaKind.STICKER, "image/png")
    assert not fits(MediaKind.IMAGE, "image/svg+xml")
    assert all(fits(MediaKind.DOCUMENT, mime) for mime in ("image/jpeg", "application/pdf", "application/x-anything"))


def test_patterns() -> None:
    assert matches("image/png", ["image/*"])
    assert matches("image/png", ["*/*"])
    assert not matches("image/png", ["video/*", "image/jpeg"])
