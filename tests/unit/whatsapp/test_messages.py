from __future__ import annotations

from datetime import timedelta

import pytest

from session_core.domain.message import Ack
from session_core.whatsapp.messages import PageMessage, ack_of, seen
from tests.fakes.drivers import T0

AT = T0.timestamp()


def message(**fields: object) -> PageMessage:
    basic = {"id": "false_34611@c.us_A", "chat": "34611@c.us", "fromMe": False, "kind": "chat", "text": "hola"}
    return PageMessage.model_validate({**basic, "t": AT, "ack": 0, **fields})


def test_a_text_becomes_an_event() -> None:
    event = seen(message(name="Eva"), live_since=T0)
    assert event is not None
    assert (event.kind, event.text, event.sender_name, event.at, event.replayed) == ("text", "hola", "Eva", T0, False)


@pytest.mark.parametrize("kind", ["image", "document", "sticker", "event_creation", "a_kind_of_next_year"])
def test_other_kinds_are_told_too(kind: str) -> None:
    event = seen(message(kind=kind, text="a caption"), live_since=T0)
    assert event is not None
    assert (event.kind, event.text) == (kind, "a caption")


@pytest.mark.parametrize(
    "kind", ["ciphertext", "e2e_notification", "gp2", "notification_template", "protocol", "revoked"]
)
def test_what_nobody_wrote_is_not_a_message(kind: str) -> None:
    assert seen(message(kind=kind), live_since=T0) is None


@pytest.mark.parametrize("chat", ["status@broadcast", "123@broadcast", "99@newsletter"])
def test_status_broadcasts_and_newsletters_are_left_out(chat: str) -> None:
    assert seen(message(chat=chat), live_since=T0) is None


@pytest.mark.parametrize(("late", "replayed"), [(-5, False), (0, False), (1, False), (2, True), (3600, True)])
def test_what_was_written_before_the_page_was_live_is_replayed(late: int, replayed: bool) -> None:
    event = seen(message(), live_since=T0 + timedelta(seconds=late))
    assert event is not None
    assert event.replayed is replayed


def test_our_own_name_is_no_senders() -> None:
    event = seen(message(fromMe=True, name="Ana", ack=3), live_since=T0)
    assert event is not None
    assert (event.from_me, event.sender_name, event.ack) == (True, None, Ack.READ)


@pytest.mark.parametrize(
    ("number", "ack"), [(-7, Ack.ERROR), (-1, Ack.ERROR), (0, Ack.PENDING), (4, Ack.PLAYED), (9, Ack.PLAYED)]
)
def test_any_number_is_a_level(number: int, ack: Ack) -> None:
    assert ack_of(number) is ack
