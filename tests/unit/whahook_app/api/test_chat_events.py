from __future__ import annotations

import json
from datetime import UTC, datetime
from uuid import uuid4

from session_core.domain.changes import PresenceState, ReactionView
from session_core.domain.events import CallReceived, MessageChanged, MessageView, PresenceChanged
from session_core.domain.ids import session_id
from session_core.domain.message import Direction, MessageStatus
from whahook_app.api.chat_events import told

AT = datetime(2026, 1, 1, tzinfo=UTC)
USER, ACCOUNT = uuid4(), uuid4()
SESSION = session_id(USER, ACCOUNT)


def test_a_message_is_told_as_rest_shows_it() -> None:
    view = MessageView(
        id=uuid4(),
        account_id=ACCOUNT,
        direction=Direction.IN,
        chat_id="1@c.us",
        text="hola",
        status=MessageStatus.RECEIVED,
        created_at=AT,
        updated_at=AT,
        reactions=(ReactionView(sender="1@c.us", emoji="x", at=AT),),
    )
    name, data = told(MessageChanged(user_id=USER, message=view))
    assert (name, data["sessionId"]) == ("whatsapp:message", SESSION)
    assert (data["message"]["chatId"], data["message"]["text"]) == ("1@c.us", "hola")
    assert data["message"]["reactions"][0]["fromMe"] is False
    json.dumps(data)


def test_who_is_typing_and_who_calls() -> None:
    typing = PresenceChanged(user_id=USER, account_id=ACCOUNT, chat_id="1@c.us", state=PresenceState.TYPING, at=AT)
    call = CallReceived(user_id=USER, account_id=ACCOUNT, call_id="C", caller="1@c.us", video=True, group=False, at=AT)
    assert told(typing) == (
        "whatsapp:presence",
        {"sessionId": SESSION, "chatId": "1@c.us", "participant": None, "state": "typing", "at": AT.isoformat()},
    )
    name, data = told(call)
    assert (name, data["callId"], data["video"]) == ("whatsapp:call", "C", True)
    json.dumps(data)
