from __future__ import annotations

from datetime import UTC, datetime
from uuid import UUID

import pytest

from session_core.domain.media import MediaState, MediaView
from session_core.domain.message import Direction
from session_core.services.media import OpenFile, Purpose
from whahook_app.api.files import asked_range, disposition

NOW = datetime(2026, 1, 1, tzinfo=UTC)


@pytest.mark.parametrize(
    ("header", "meant"),
    [
        (None, None),
        ("bytes=0-9", (0, 10)),
        ("bytes=90-", (90, 100)),
        ("bytes=90-500", (90, 100)),
        ("bytes=-10", (90, 100)),
        ("bytes=-500", (0, 100)),
        ("bytes=100-", (100, 100)),
        ("bytes=-0", (100, 100)),
        ("bytes=5-4", None),
        ("bytes=0-1,5-6", None),
        ("bytes=a-b", None),
        ("lines=0-1", None),
        ("bytes=-", None),
    ],
)
def test_ranges(header: str | None, meant: tuple[int, int] | None) -> None:
    assert asked_range(header, 100) == meant


def opened(mime: str, filename: str | None, purpose: Purpose = Purpose.SHOW) -> OpenFile:
    view = MediaView(
        id=UUID(int=1),
        direction=Direction.OUT,
        state=MediaState.READY,
        mime=mime,
        filename=filename,
        created_at=NOW,
    )
    return OpenFile(view, 1, purpose, NOW, "local", "")


def test_only_what_is_safe_is_shown() -> None:
    assert disposition(opened("image/png", None)) == "inline"
    assert disposition(opened("image/png", None, Purpose.SAVE)) == "attachment"
    for mime in ("text/html", "image/svg+xml", "application/xml", "application/octet-stream", "text/plain"):
        assert disposition(opened(mime, None)) == "attachment", mime


def test_names_get_into_the_header_whole_and_do_no_harm() -> None:
    header = disposition(opened("application/zip", 'a"; filename="x\\y ñ.zip'))
    assert header == (
        "attachment; filename=\"a_; filename=_x_y _.zip\"; filename*=UTF-8''a%22%3B%20filename%3D%22x%5Cy%20%C3%B1.zip"
    )
