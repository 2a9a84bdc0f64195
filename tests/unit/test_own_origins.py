"""The origins whose pages may act with a login."""

from __future__ import annotations

import pytest
from pydantic import ValidationError

from session_core.settings import Settings

LOCAL = ["http://localhost:8000", "http://127.0.0.1:8000"]


@pytest.mark.parametrize(
    ("public_url", "origin"),
    [
        ("https://WA.example.org", "https://wa.example.org"),
        ("https://wa.example.org:443/", "https://wa.example.org"),
        ("https://wa.example.org:8443/path", "https://wa.example.org:8443"),
        ("http://[::1]:80", "http://[::1]"),
    ],
)
def test_the_public_address_is_written_as_browsers_write_it(public_url: str, origin: str) -> None:
    assert Settings(public_url_setting=public_url).own_origins == [origin, *LOCAL]


def test_without_a_public_address_there_is_this_machine_only() -> None:
    assert Settings().own_origins == LOCAL


def test_a_port_that_is_no_number_is_refused() -> None:
    with pytest.raises(ValidationError):
        Settings(public_url_setting="http://wa.example.org:http")
