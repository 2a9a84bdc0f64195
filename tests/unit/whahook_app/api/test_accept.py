from __future__ import annotations

import pytest

from whahook_app.api.v1.accounts import _wants_json


@pytest.mark.parametrize(
    ("accept", "json"),
    [
        ("", False),
        ("*/*", False),
        ("image/png", False),
        ("image/avif,image/webp,*/*;q=0.8", False),
        ("application/json", True),
        ("Application/JSON; charset=utf-8", True),
        ("application/json, text/plain, */*", True),
        ("image/png, application/json", False),
        ("text/html,application/xhtml+xml,*/*;q=0.8", False),
    ],
)
def test_a_picture_unless_json_is_asked_for(accept: str, json: bool) -> None:
    assert _wants_json(accept) is json
