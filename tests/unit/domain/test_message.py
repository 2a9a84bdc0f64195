from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from session_core.domain.message import Ack, MessageStatus, content_hash

S = MessageStatus


def test_the_order_of_what_can_become_of_a_message() -> None:
    way = [S.QUEUED, S.SENDING, S.SENT, S.FAILED, S.SERVER, S.DEVICE, S.READ]
    assert sorted(way, key=lambda status: status.rank) == way
    assert S.UNKNOWN.rank == S.SENDING.rank, "it is as far as it was, whatever WhatsApp shows later is news"
    assert {status for status in S if status.rank == S.FAILED.rank} == {S.FAILED, S.CANCELLED, S.EXPIRED}
    assert {status for status in S if status.given_up} == {S.FAILED, S.CANCELLED, S.EXPIRED}
    assert min(status.rank for status in MessageStatus) == 0


def test_what_came_in_goes_nowhere() -> None:
    assert all(S.RECEIVED.rank > status.rank for status in set(MessageStatus) - {S.RECEIVED})


def test_a_lane_waits_for_what_is_not_done() -> None:
    assert {status for status in MessageStatus if not status.done} == {S.QUEUED, S.SENDING}


def test_a_higher_acknowledgement_proves_more() -> None:
    proved = [ack.status.rank for ack in (Ack.PENDING, Ack.SERVER, Ack.DEVICE, Ack.READ)]
    assert proved == sorted(set(proved))
    assert Ack.PLAYED.status is Ack.READ.status is S.READ
    assert Ack.ERROR.status is S.FAILED


@pytest.mark.parametrize("level", [-1, 0, 1, 2, 3, 4])
def test_every_level_of_wa_js_is_known(level: int) -> None:
    assert Ack(level).status in MessageStatus


@pytest.mark.parametrize("same", ["hello world", " Hello\n\tWORLD ", "ｈｅｌｌｏ world"])
def test_what_people_take_for_the_same(same: str) -> None:
    assert content_hash(same) == content_hash("hello world")


@pytest.mark.parametrize("other", ["hello, world", "helloworld", "hello world!", ""])
def test_what_people_take_for_different(other: str) -> None:
    assert content_hash(other) != content_hash("hello world")


@given(st.text(st.characters(), max_size=50))
def test_any_text_has_a_hash(text: str) -> None:
    assert len(content_hash(text)) == 64
