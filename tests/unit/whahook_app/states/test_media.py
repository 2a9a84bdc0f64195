from __future__ import annotations

from uuid import uuid4

import pytest

from session_core.domain.content import Media, Text
from session_core.errors import NotFound, PolicyError
from whahook_app.states.media import written

FILE = uuid4()


def test_without_a_file_it_is_a_text() -> None:
    found = written({"text": "hola", "media": "", "mediaKind": ""})
    assert isinstance(found, Text)
    assert found.text == "hola"


def test_with_a_file_the_text_is_its_caption() -> None:
    found = written({"text": " mira ", "media": str(FILE), "mediaKind": "image"})
    assert isinstance(found, Media)
    assert (found.type, found.media_id, found.caption) == ("image", FILE, "mira")


def test_what_our_pages_never_send_is_refused() -> None:
    with pytest.raises(PolicyError, match="no such kind"):
        written({"media": str(FILE), "mediaKind": "poll"})
    with pytest.raises(NotFound):
        written({"media": "../etc", "mediaKind": "image"})
    assert written("nonsense") == Text.model_construct(text="")
