"""Which Socket.IO events tell what happens in chats, beside those of the sessions. Pure."""

from __future__ import annotations

from session_core.domain.events import CallReceived, MessageChanged, PresenceChanged
from session_core.domain.ids import session_id
from whahook_app.api.message_schemas import Message
from whahook_app.api.session_events import SocketEvent

MESSAGE = "whatsapp:message"
PRESENCE = "whatsapp:presence"
CALL = "whatsapp:call"

ChatEvent = MessageChanged | PresenceChanged | CallReceived


def told(event: ChatEvent) -> SocketEvent:
    """Build the event that a client hears."""
    match event:
        case MessageChanged():
            message = Message.of(event.message).model_dump(mode="json", by_alias=True)
            return MESSAGE, {"sessionId": session_id(event.user_id, event.message.account_id), "message": message}
        case PresenceChanged():
            return PRESENCE, {
                "sessionId": session_id(event.user_id, event.account_id),
                "chatId": event.chat_id,
                "participant": event.participant,
                "state": event.state.value,
                "at": event.at.isoformat(),
            }
        case CallReceived():
            return CALL, {
                "sessionId": session_id(event.user_id, event.account_id),
                "callId": event.call_id,
                "caller": event.caller,
                "video": event.video,
                "group": event.group,
                "at": event.at.isoformat(),
            }
