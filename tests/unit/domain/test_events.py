"""Events and commands are JSON on the way; nobody reads credentials off them by accident."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest
from pydantic import ValidationError

from session_core.domain.commands import COMMANDS, PairingCode, PairingCodeShown, SendMessage
from session_core.domain.content import Text
from session_core.domain.events import (
    EVENTS,
    AccountDeleted,
    ActivityAdded,
    ActivityEntry,
    MessageChanged,
    MessageView,
    Qr,
    SessionChanged,
    SessionSnapshot,
)
from session_core.domain.message import Direction, MessageStatus
from session_core.domain.status import AccountKind, ReasonCode, SessionStatus

T0 = datetime(2026, 1, 1, tzinfo=UTC)
USER, ACCOUNT = uuid4(), uuid4()
QR = Qr(code="2@secret", png="data:secret", shown_at=T0, expires_at=T0 + timedelta(seconds=20), number=3)
SNAPSHOT = SessionSnapshot(
    seq=4,
    account_id=ACCOUNT,
    user_id=USER,
    name="Shop",
    kind=AccountKind.LIVE,
    status=SessionStatus.QR,
    reason_code=ReasonCode.REQUESTED,
    status_since=T0,
    created_at=T0,
    qr=QR,
)
MESSAGE = MessageView(
    id=uuid4(),
    account_id=ACCOUNT,
    direction=Direction.IN,
    chat_id="1@lid",
    text="a private text",
    status=MessageStatus.RECEIVED,
    created_at=T0,
    updated_at=T0,
)
ALL = [
    SessionChanged(user_id=USER, session=SNAPSHOT),
    MessageChanged(user_id=USER, message=MESSAGE),
    ActivityAdded(user_id=USER, entry=ActivityEntry(id=1, account_id=ACCOUNT, at=T0, kind="status")),
    AccountDeleted(user_id=USER, account_id=ACCOUNT),
]


@pytest.mark.parametrize("event", ALL, ids=lambda event: event.type)
def test_an_event_goes_there_and_back(event: SessionChanged) -> None:
    assert EVENTS.validate_json(event.model_dump_json()) == event


@pytest.mark.parametrize("event", ALL, ids=lambda event: event.type)
def test_an_event_cannot_be_changed(event: SessionChanged) -> None:
    with pytest.raises(ValidationError):
        event.user_id = uuid4()


@pytest.mark.parametrize("text", ["", "{}", '{"type": "other"}', '{"type": "deleted"}'])
def test_what_is_no_event(text: str) -> None:
    with pytest.raises(ValidationError):
        EVENTS.validate_json(text)


def test_credentials_and_texts_are_not_in_what_is_printed() -> None:
    printed = repr([SNAPSHOT, MESSAGE, PairingCodeShown(code="ABCD-secret")])
    assert "secret" not in printed
    assert "private" not in printed


def test_a_snapshot_has_the_seeds_id_and_word() -> None:
    assert SNAPSHOT.session_id == f"user_{USER}_wa_{ACCOUNT}"
    assert SNAPSHOT.public_status == "qr"


@pytest.mark.parametrize(
    "command",
    [
        PairingCode(account_id=ACCOUNT, phone="34600111222"),
        SendMessage(
            account_id=ACCOUNT,
            message_id=uuid4(),
            token="t",
            chat_id="1@lid",
            content=Text(text="a private text"),
            wa_key="3EB0",
        ),
    ],
)
def test_a_command_goes_there_and_back_and_keeps_its_text_to_itself(command: SendMessage | PairingCode) -> None:
    assert COMMANDS.validate_json(command.model_dump_json()) == command
    assert "private" not in repr(command)
