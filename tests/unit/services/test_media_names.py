from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from session_core.services.media import clean_filename


@pytest.mark.parametrize(
    ("given_name", "kept"),
    [
        ("photo.jpg", "photo.jpg"),
        ("año nuevo ☃.pdf", "año nuevo ☃.pdf"),
        ("/etc/passwd", "passwd"),
        ("C:\\Users\\ana\\offer.docx", "offer.docx"),
        ("../../x", "x"),
        (".htaccess", "htaccess"),
        ("a\r\nSet-Cookie: x.txt", "a  Set-Cookie: x.txt"),
        ("..", None),
        ("   ", None),
        ("", None),
        (None, None),
        ("x" * 300 + ".pdf", "x" * 196 + ".pdf"),
        ("x" * 300, "x" * 200),
    ],
)
def test_names(given_name: str | None, kept: str | None) -> None:
    assert clean_filename(given_name) == kept


@given(st.text())
def test_any_name_is_one_short_line_without_a_folder(name: str) -> None:
    kept = clean_filename(name)
    assert kept is None or (0 < len(kept) <= 200 and kept.isprintable() and "/" not in kept and "\\" not in kept)
