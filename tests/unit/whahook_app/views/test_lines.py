"""Messages, history, capacity, and lists that grow."""

from __future__ import annotations

import dataclasses
from typing import Any
from uuid import UUID

import pytest

from session_core.domain.events import ActivityEntry, MessageView
from session_core.domain.message import Direction, MessageStatus
from session_core.domain.status import ReasonCode, SessionStatus
from session_core.services.health import Capacity
from tests.unit.whahook_app.views.snapshots import ACCOUNT, NOW
from whahook_app.views.activity import activity_row
from whahook_app.views.capacity import capacity_line
from whahook_app.views.lists import merged
from whahook_app.views.messages import ICON, message_row


def message(**changes: Any) -> MessageView:
    values: dict[str, Any] = {
        "id": UUID(int=1),
        "account_id": ACCOUNT,
        "direction": Direction.OUT,
        "chat_id": "34611000001@c.us",
        "text": "hola",
        "status": MessageStatus.QUEUED,
        "created_at": NOW,
        "updated_at": NOW,
    }
    return MessageView(**values | changes)


def entry(**changes: Any) -> ActivityEntry:
    return ActivityEntry(**{"id": 1, "account_id": ACCOUNT, "at": NOW, "kind": "status"} | changes)


@pytest.mark.parametrize("status", list(MessageStatus))
def test_every_step_of_a_message_has_icon_and_word(status: MessageStatus) -> None:
    row = message_row(message(status=status), "es")
    assert row.icon == ICON[status]
    assert row.word


@pytest.mark.parametrize(
    ("changes", "who"),
    [
        ({}, "+34 611 00 00 01"),
        ({"direction": Direction.IN, "sender_name": "Eva"}, "Eva · +34 611 00 00 01"),
        ({"direction": Direction.IN, "sender_name": "Eva", "chat_id": "123456789012345@lid"}, "Eva"),
        ({"chat_id": "123456789012345@lid"}, "123456789012345@lid"),
        ({"chat_id": "120363000000000000@g.us"}, "Grupo"),
    ],
)
def test_the_other_side_is_called_as_people_do(changes: dict[str, Any], who: str) -> None:
    assert message_row(message(**changes), "es").who == who


def test_a_failure_says_why_and_an_unknown_code_is_shown_as_it_is() -> None:
    failed = message(status=MessageStatus.FAILED, failure="not_on_whatsapp")
    assert message_row(failed, "es").failure == "Este número no tiene WhatsApp. Revisa que esté bien escrito."
    assert message_row(message(failure="new_in_next_year"), "es").failure == "new_in_next_year"


def test_a_message_without_text_says_what_it_is() -> None:
    assert "image" in message_row(message(text="", kind="image"), "es").text


def test_the_history_says_state_and_reason() -> None:
    row = activity_row(entry(status=SessionStatus.ACTION_REQUIRED, reason_code=ReasonCode.UNLINKED), "es")
    assert (row.text, row.tone) == ("Necesita que actúes. El teléfono desvinculó este dispositivo.", "bad")


def test_you_asked_for_it_is_said_once() -> None:
    asked = ReasonCode.REQUESTED
    assert activity_row(entry(status=SessionStatus.QR, reason_code=asked), "es").text == "Esperando el escaneo"
    assert "pedido" in activity_row(entry(status=SessionStatus.STOPPED, reason_code=asked), "es").text


def test_a_message_in_the_history_names_the_sender_and_other_details_stay_in_the_log() -> None:
    assert activity_row(entry(kind="message_in", detail="34655012233@c.us"), "es").text.endswith("+34 655 01 22 33")
    assert activity_row(entry(kind="message_in", detail="Eva"), "es").text == "Mensaje recibido · Eva"
    assert activity_row(entry(kind="message_in", detail="1234567890@lid"), "es").text == "Mensaje recibido"
    assert activity_row(entry(kind="created", detail="/some/path"), "en").text == "Account created"


def test_a_kind_from_a_newer_host_is_shown_all_the_same() -> None:
    assert activity_row(entry(kind="moon_phase"), "es").text == "Otro suceso: moon_phase"


@pytest.mark.parametrize(
    ("capacity", "line"),
    [
        (Capacity(1, 3, 5), "3 de 8 sesiones en este servidor · queda sitio para 5"),
        (Capacity(1, 7, 1), "7 de 8 sesiones en este servidor · queda sitio para una más"),
        (Capacity(2, 8, 0), "8 de 8 sesiones en este servidor · no queda sitio: las siguientes esperan su turno"),
        (Capacity(0, 0, 0), ""),
    ],
)
def test_the_line_of_capacity(capacity: Capacity, line: str) -> None:
    assert capacity_line(capacity, "es") == line


@dataclasses.dataclass
class Line:
    id: int
    text: str = ""


def test_news_come_on_top_and_what_is_there_is_replaced() -> None:
    shown = [Line(2, "b"), Line(1, "a")]
    assert merged(shown, [Line(1, "a2"), Line(3), Line(4)]) == [Line(4), Line(3), Line(2, "b"), Line(1, "a2")]
    assert shown == [Line(2, "b"), Line(1, "a")]
