from __future__ import annotations

from datetime import UTC, datetime, timedelta
from uuid import UUID

from hypothesis import given
from hypothesis import strategies as st

from session_core.media.links import Link, Purpose, Signer

NOW = datetime(2026, 1, 1, tzinfo=UTC)
LINK = Link(UUID(int=7), Purpose.SHOW, NOW + timedelta(minutes=5))
SIGNER = Signer((b"k" * 32,))


def test_what_was_signed_can_be_read_until_its_time_is_over() -> None:
    token = SIGNER.token(LINK)
    assert SIGNER.read(token, NOW) == LINK
    assert SIGNER.read(token, LINK.expires_at - timedelta(seconds=1)) == LINK
    assert SIGNER.read(token, LINK.expires_at) is None


def test_another_key_opens_nothing_and_an_old_one_still_does() -> None:
    token = SIGNER.token(LINK)
    assert Signer((b"x" * 32,)).read(token, NOW) is None
    assert Signer((b"x" * 32, b"k" * 32)).read(token, NOW) == LINK


def test_no_part_can_be_changed() -> None:
    token = SIGNER.token(LINK)
    for position, old in enumerate(token[:-1]):
        new = "0" if old != "0" else "1"
        assert SIGNER.read(token[:position] + new + token[position + 1 :], NOW) is None, position
    assert SIGNER.read(token.replace("i", "s", 1), NOW) is None
    assert SIGNER.read(token + "A", NOW) is None


@given(st.text(max_size=120))
def test_nonsense_opens_nothing(token: str) -> None:
    assert SIGNER.read(token, NOW) is None


def test_the_token_does_not_show_the_key() -> None:
    assert "k" * 8 not in SIGNER.token(LINK)
