from __future__ import annotations

import pytest
from starlette.responses import Response

from session_core.settings import Settings
from whahook_app.auth.cookie import clear_login_cookie, cookie_name, set_login_cookie, token_from_cookie_header

HTTP = Settings(public_url_setting="http://localhost:8000")
HTTPS = Settings(public_url_setting="https://wa.example.org")


def test_over_https_the_cookie_is_bound_to_the_host() -> None:
    response = Response()
    set_login_cookie(response, "token", HTTPS)
    parts = {part.strip().lower() for part in response.headers["set-cookie"].split(";")}
    assert "__host-wh_session=token" in parts
    assert {"secure", "httponly", "samesite=lax", "path=/"} <= parts
    assert not any(part.startswith("domain") for part in parts)


def test_over_http_it_is_not_secure_but_still_out_of_reach_of_scripts() -> None:
    response = Response()
    set_login_cookie(response, "token", HTTP)
    parts = {part.strip().lower() for part in response.headers["set-cookie"].split(";")}
    assert "wh_session=token" in parts
    assert {"httponly", "samesite=lax", "max-age=2592000"} <= parts
    assert "secure" not in parts


def test_clearing_ends_it_at_once() -> None:
    response = Response()
    clear_login_cookie(response, HTTPS)
    header = response.headers["set-cookie"]
    assert header.startswith('__Host-wh_session=""')
    assert "Max-Age=0" in header


@pytest.mark.parametrize(
    ("header", "token"),
    [
        ("wh_session=abc", "abc"),
        ("lang=es; wh_session=abc; theme=dark", "abc"),
        ('weird{}=1; "broken; wh_session=abc', "abc"),
        ("lang=es", None),
        ("wh_session=", None),
        ("", None),
        (None, None),
    ],
)
def test_the_token_is_found_among_other_cookies(header: str | None, token: str | None) -> None:
    assert token_from_cookie_header(header, HTTP) == token


def test_over_https_a_cookie_without_the_prefix_does_not_count() -> None:
    assert token_from_cookie_header("wh_session=planted", HTTPS) is None
    assert token_from_cookie_header(f"{cookie_name(HTTPS)}=ours", HTTPS) == "ours"
