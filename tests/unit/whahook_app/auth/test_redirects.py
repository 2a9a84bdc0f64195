from __future__ import annotations

from datetime import timedelta
from urllib.parse import urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from whahook_app.auth.redirects import HOME, page_with_error, read_wait, safe_next


@pytest.mark.parametrize("target", ["/messages", "/messages?account=1#end", "/settings/connections", "/"])
def test_our_own_pages_are_kept(target: str) -> None:
    assert safe_next(target) == target


@pytest.mark.parametrize(
    "target",
    [
        None,
        "",
        "https://evil.example",
        "//evil.example",
        "///evil.example",
        "/\\evil.example",
        "\\\\evil.example",
        "/\t/evil.example",
        "/\n/evil.example",
        "javascript:alert(1)",
        " /messages",
        "messages",
        "/" + "a" * 600,
        "/sign-in?next=/sign-in",
        "/auth/sign-out",
        "/api/v1/accounts",
    ],
)
def test_everything_else_goes_home(target: str | None) -> None:
    assert safe_next(target) == HOME


@given(st.text() | st.text(alphabet="/\\:.@ \t\r\nae%?#"))
def test_nothing_leaves_the_site(target: str) -> None:
    result = safe_next(target)
    result.encode("ascii")
    assert result.startswith("/")
    assert not result.startswith(("//", "/\\"))
    parts = urlsplit(result)
    assert (parts.scheme, parts.netloc) == ("", "")


def test_an_error_keeps_where_to_go_next() -> None:
    assert page_with_error("/sign-in", "bad_credentials", None) == "/sign-in?error=bad_credentials"
    assert page_with_error("/sign-in", "bad", "/messages?a=1") == "/sign-in?error=bad&next=%2Fmessages%3Fa%3D1"
    assert page_with_error("/sign-in", "bad", "//evil.example") == "/sign-in?error=bad"


def test_how_long_to_wait_is_told_in_whole_seconds() -> None:
    address = page_with_error("/sign-in", "too_many_from_address", None, timedelta(seconds=61.2))
    assert address == "/sign-in?error=too_many_from_address&wait=62"
    assert read_wait("62") == timedelta(seconds=62)


@pytest.mark.parametrize("said", [None, "", "0", "-5", "1e9", "9" * 7, "٣", "soon"])
def test_a_senseless_time_to_wait_is_none(said: str | None) -> None:
    assert read_wait(said) is None
