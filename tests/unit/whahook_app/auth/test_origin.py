from __future__ import annotations

import pytest
from starlette.datastructures import Headers

from session_core.errors import PolicyError
from session_core.settings import Settings
from whahook_app.auth.origin import is_own_origin, refuse_foreign_origin

SETTINGS = Settings(public_url_setting="https://wa.example.org", port=8000)


@pytest.mark.parametrize(
    ("headers", "own"),
    [
        ({}, True),
        ({"Origin": "https://wa.example.org"}, True),
        ({"Origin": "http://localhost:8000"}, True),
        ({"Sec-Fetch-Site": "same-origin", "Origin": "http://192.168.1.7:8000"}, True),
        ({"Sec-Fetch-Site": "same-origin"}, True),
        ({"Sec-Fetch-Site": "none"}, True),
        ({"Origin": "https://evil.example"}, False),
        ({"Origin": "null"}, False),
        ({"Origin": "http://wa.example.org"}, False),
        ({"Origin": "https://wa.example.org.evil.example"}, False),
        ({"Sec-Fetch-Site": "cross-site"}, False),
        ({"Sec-Fetch-Site": "same-site"}, False),
        ({"Sec-Fetch-Site": "same-site", "Origin": "https://other.example.org"}, False),
        ({"Sec-Fetch-Site": "none", "Origin": "https://evil.example"}, False),
    ],
)
def test_who_counts_as_ourselves(headers: dict[str, str], own: bool) -> None:
    assert is_own_origin(Headers(headers), SETTINGS) is own


def test_a_foreign_origin_is_refused_with_what_to_do() -> None:
    with pytest.raises(PolicyError) as refused:
        refuse_foreign_origin(Headers({"Origin": "https://evil.example"}), SETTINGS)
    assert refused.value.status_code == 403
    assert refused.value.code == "foreign_origin"
    assert "WHAHOOK_PUBLIC_URL" in refused.value.action
