from __future__ import annotations

from datetime import UTC, datetime
from typing import Any
from uuid import UUID, uuid4

import pytest

from session_core.domain.content import Media
from session_core.domain.events import MessageView
from session_core.domain.media import MediaProblem, MediaState, MediaView
from session_core.domain.message import Direction, MessageStatus
from whahook_app.views.chats import bubble
from whahook_app.views.media import MediaRow, media_row, size_words

AT = datetime(2026, 1, 1, tzinfo=UTC)
FILE = UUID(int=7)


def message(kind: str = "image", media_id: UUID | None = FILE, **fields: Any) -> MessageView:
    content = Media.model_validate({"type": kind, "media_id": media_id, "filename": "a.jpg", **fields})
    return MessageView(
        id=uuid4(),
        account_id=UUID(int=1),
        direction=Direction.IN,
        chat_id="34612345678@c.us",
        kind=kind,
        text=content.plain_text,
        content=content,
        status=MessageStatus.RECEIVED,
        created_at=AT,
        updated_at=AT,
    )


def file(state: MediaState = MediaState.READY, **fields: Any) -> dict[UUID, MediaView]:
    values = {"mime": "image/jpeg", "size": 10_400_000, "filename": "a.jpg"} | fields
    return {FILE: MediaView(id=FILE, direction=Direction.IN, state=state, created_at=AT, **values)}


def test_a_file_that_is_here() -> None:
    row = media_row(message(), file(), "es")
    assert row == MediaRow(id=str(FILE), show="image", state="ready", name="a.jpg", size="10,4 MB")


@pytest.mark.parametrize(
    ("kind", "mime", "show"),
    [
        ("image", "image/heic", "file"),
        ("image", "text/html", "file"),
        ("sticker", "image/webp", "sticker"),
        ("voice", "audio/ogg", "audio"),
        ("audio", "audio/mpeg", "audio"),
        ("video", "video/mp4", "video"),
        ("document", "image/jpeg", "file"),
    ],
)
def test_how_it_is_shown(kind: str, mime: str, show: str) -> None:
    assert media_row(message(kind), file(mime=mime), "es").show == show


def test_a_file_that_is_not_here() -> None:
    failed = media_row(message(), file(MediaState.FAILED, problem=MediaProblem.GONE), "en")
    assert (failed.state, failed.retry, failed.problem) == ("failed", True, "WhatsApp does not have it any more.")
    assert media_row(message(), file(MediaState.REMOTE), "en").retry
    assert not media_row(message(), file(MediaState.PENDING), "en").retry
    gone = media_row(message(), {}, "en")
    assert (gone.state, gone.retry) == ("gone", False)
    assert gone.problem


@pytest.mark.parametrize("problem", list(MediaProblem))
def test_every_problem_has_words(problem: MediaProblem) -> None:
    for language in ("es", "en"):
        assert media_row(message(), file(MediaState.FAILED, problem=problem), language).problem  # type: ignore[arg-type]


def test_the_bubble_says_the_caption_and_not_the_name() -> None:
    assert bubble(message(caption="look"), "es", {}, {}, file()).text == "look"
    shown = bubble(message(), "es", {}, {}, file())
    assert (shown.text, shown.note, shown.media.name) == ("", "", "a.jpg")
    unfetched = bubble(message(media_id=None), "es", {}, {})
    assert (unfetched.media, unfetched.note) == (MediaRow(), "Imagen")


def test_sizes() -> None:
    assert [size_words(size, "en") for size in (0, 999, 850_000, 1_000_000, 10_449_000)] == [
        "1 kB",
        "1 kB",
        "850 kB",
        "1.0 MB",
        "10.4 MB",
    ]
