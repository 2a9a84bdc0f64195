from __future__ import annotations

import base64
import json
from datetime import UTC, datetime, timedelta, timezone

import pytest

from session_core.domain import cursor
from session_core.errors import PolicyError

AT = datetime(2026, 1, 2, 3, 4, 5, 678901, tzinfo=UTC)


def raw(*parts: object) -> str:
    return base64.urlsafe_b64encode(json.dumps(parts).encode()).decode()


def test_a_cursor_comes_back_as_it_went() -> None:
    assert cursor.at_and_number(cursor.encode(AT, 7)) == (AT, 7)
    assert cursor.at_and_name(cursor.encode(AT, "ñ@lid")) == (AT, "ñ@lid")
    assert cursor.number(cursor.encode(2**63 - 1)) == 2**63 - 1
    assert cursor.names(cursor.encode("ana", "1@c.us")) == ("ana", "1@c.us")


def test_the_time_zone_does_not_matter() -> None:
    elsewhere = AT.astimezone(timezone(timedelta(hours=5)))
    assert cursor.encode(elsewhere, 1) == cursor.encode(AT, 1)


def test_a_cursor_needs_no_escaping_in_an_address() -> None:
    assert cursor.encode(AT, "???>>>~~~").replace("-", "a").replace("_", "a").isalnum()


@pytest.mark.parametrize(
    "text",
    [
        "",
        "x",
        "ñ",
        "AAAA",
        "[" * 399,
        "A" * 401,
        raw("2026-01-01T00:00:00+00:00"),
        raw("2026-01-01T00:00:00+00:00", "1"),
        raw("2026-01-01T00:00:00+00:00", True),
        raw("2026-01-01T00:00:00+00:00", -1),
        raw("2026-01-01T00:00:00+00:00", 2**63),
        raw("2026-01-01T00:00:00+00:00", 1.5),
        raw("2026-01-01T00:00:00", 1),
        raw("yesterday", 1),
        raw(1, 1),
    ],
    ids=range(15),
)
def test_what_is_no_cursor_is_refused(text: str) -> None:
    with pytest.raises(PolicyError) as caught:
        cursor.at_and_number(text)
    assert caught.value.code == "bad_cursor"
    assert caught.value.status_code == 422


def test_a_name_that_no_database_takes_is_refused() -> None:
    for name in ("a\0b", "\ud800"):
        with pytest.raises(PolicyError):
            cursor.names(raw(name, "x"))
