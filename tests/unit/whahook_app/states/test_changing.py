from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

from session_core.clock import utcnow
from session_core.domain.events import MessageView
from session_core.domain.message import Direction, MessageStatus
from whahook_app.states.changing import refused, too_late_to_edit

ANA = "34612345678@c.us"


def action(**fields: Any) -> MessageView:
    values = {
        "id": uuid4(),
        "account_id": UUID(int=1),
        "direction": Direction.OUT,
        "chat_id": ANA,
        "kind": "edit",
        "text": "",
        "status": MessageStatus.FAILED,
        "failure": "too_late_to_edit",
        "created_at": utcnow(),
        "updated_at": utcnow(),
    }
    return MessageView(**(values | fields))


def test_a_refused_change_says_what_was_not_done_and_why() -> None:
    said = "El mensaje no se ha editado. Ha pasado demasiado tiempo: WhatsApp ya no deja cambiarlo."
    assert refused([action()], ANA, "es") == said


def test_nothing_is_said_of_others() -> None:
    others = [
        action(status=MessageStatus.SENT),
        action(chat_id="34600000001@c.us"),
        action(kind="text"),
        action(direction=Direction.IN),
    ]
    assert refused(others, ANA, "es") == ""


def test_words_can_be_changed_for_a_quarter_of_an_hour() -> None:
    assert not too_late_to_edit((utcnow() - timedelta(minutes=14)).isoformat())
    assert too_late_to_edit((utcnow() - timedelta(minutes=16)).isoformat())
