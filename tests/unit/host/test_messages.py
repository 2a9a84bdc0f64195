from __future__ import annotations

from datetime import UTC, datetime, timedelta
from uuid import uuid4

from hypothesis import given
from hypothesis import strategies as st

from session_core.domain.message import Ack, Direction, MessageStatus
from session_core.host.messages import clean, to_row
from session_core.whatsapp.driver import MessageSeen

NOW = datetime(2026, 1, 2, tzinfo=UTC)


def seen(**fields: object) -> MessageSeen:
    values = {
        "wa_message_id": "false_34611000001@c.us_3EB0AA",
        "chat_id": "34611000001@c.us",
        "from_me": False,
        "author": None,
        "sender_name": "Luis",
        "kind": "text",
        "text": "hola",
        "at": NOW - timedelta(seconds=5),
        "ack": Ack.PENDING,
        **fields,
    }
    return MessageSeen(**values)  # type: ignore[arg-type]


def test_what_comes_in_is_received() -> None:
    row = to_row(uuid4(), seen(), NOW)
    assert (row.direction, row.status, row.wa_key) == (Direction.IN, MessageStatus.RECEIVED, "3EB0AA")
    assert row.created_at == NOW - timedelta(seconds=5)
    assert row.sent_at is None


def test_what_was_written_on_the_phone_is_out_with_its_ack() -> None:
    row = to_row(uuid4(), seen(from_me=True, wa_message_id="true_3461@c.us_KEY", ack=Ack.DEVICE), NOW)
    assert (row.direction, row.status, row.status_rank) == (
        Direction.OUT,
        MessageStatus.DEVICE,
        MessageStatus.DEVICE.rank,
    )
    assert row.sent_at == row.created_at


def test_a_phone_whose_clock_is_ahead_writes_no_message_of_the_future() -> None:
    assert to_row(uuid4(), seen(at=NOW + timedelta(days=1)), NOW).created_at == NOW


def test_nothing_is_longer_than_its_column() -> None:
    row = to_row(
        uuid4(),
        seen(wa_message_id="odd" * 200, chat_id="1" * 500, author="2" * 500, sender_name="n" * 500, kind="k" * 99),
        NOW,
    )
    lengths = [len(text or "") for text in (row.wa_key, row.wa_message_id, row.chat_id, row.author, row.sender_name)]
    assert lengths == [64, 200, 64, 64, 100]
    assert len(row.kind) == 32


@given(st.text(st.characters(codec=None)))
def test_every_text_becomes_one_that_databases_take(text: str) -> None:
    cleaned = clean(text)
    assert "\0" not in cleaned
    cleaned.encode()
    if "\0" not in text and not any(0xD800 <= ord(letter) <= 0xDFFF for letter in text):
        assert cleaned == text
