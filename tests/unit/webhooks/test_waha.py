"""The envelope of WAHA, field by field as its documentation has it."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest

from session_core.domain.content import Media
from session_core.domain.events import MessageView, SessionSnapshot
from session_core.domain.media import MediaKind
from session_core.domain.message import Direction, MessageStatus
from session_core.domain.status import AccountKind, SessionStatus
from session_core.webhooks import body, waha
from session_core.webhooks.body import Told
from tests.factories import T0

EVENT, USER, ACCOUNT = UUID(int=1), UUID(int=2), UUID(int=3)
CHAT, OWN, GROUP = "34612345678@c.us", "34600000000@c.us", "123@g.us"
SECONDS = int(T0.timestamp())


def told(event_type: str, payload: dict[str, Any], chosen: tuple[str, ...] = ("*",)) -> dict[str, Any]:
    return waha.envelope(
        Told(
            EVENT,
            event_type,
            T0 + timedelta(seconds=1),
            payload,
            account_id=ACCOUNT,
            user_id=USER,
            cursor=7,
            phone_number="34600000000",
            push_name="Ana",
        ),
        chosen,
    )


def message(**fields: Any) -> dict[str, Any]:
    view = MessageView.model_validate(
        {
            "id": uuid4(),
            "account_id": ACCOUNT,
            "direction": Direction.IN,
            "chat_id": CHAT,
            "text": "hello",
            "status": MessageStatus.RECEIVED,
            "wa_message_id": f"false_{CHAT}_3EB0AA",
            "created_at": T0,
            "updated_at": T0,
            **fields,
        }
    )
    dumped: dict[str, Any] = view.model_dump(mode="json")
    return dumped


def test_a_message_that_came_in() -> None:
    payload = message(quoted_id="true_x_1")
    whole = told("message.received", payload)
    assert {name: value for name, value in whole.items() if name != "payload"} == {
        "id": f"evt_{EVENT.hex}",
        "timestamp": (SECONDS + 1) * 1000,
        "event": "message",
        "session": f"user_{USER}_wa_{ACCOUNT}",
        "metadata": {"accountId": str(ACCOUNT)},
        "me": {"id": OWN, "pushName": "Ana"},
        "engine": "WPP",
        "environment": {"engine": "WPP", "browser": "chromium"},
        "cursor": 7,
    }
    assert whole["payload"] == {
        "id": f"false_{CHAT}_3EB0AA",
        "timestamp": SECONDS,
        "from": CHAT,
        "fromMe": False,
        "to": OWN,
        "participant": None,
        "body": "hello",
        "hasMedia": False,
        "media": None,
        "ack": 2,
        "ackName": "DEVICE",
        "replyTo": {"id": "true_x_1"},
        "_data": body.data("message.received", payload),
    }


@pytest.mark.parametrize(
    ("chosen", "name"),
    [
        (("*",), "message"),
        (("message",), "message"),
        (("message", "message.any"), "message"),
        (("message.any",), "message.any"),
        (("message.received",), "message"),
    ],
    ids=str,
)
def test_what_comes_in_is_called_as_the_endpoint_chose(chosen: tuple[str, ...], name: str) -> None:
    assert told("message.received", message(), chosen)["event"] == name


def test_in_a_group_the_participant_wrote() -> None:
    payload = told("message.received", message(chat_id=GROUP, author=CHAT))["payload"]
    assert (payload["from"], payload["to"], payload["participant"]) == (GROUP, OWN, CHAT)


def test_what_goes_out() -> None:
    sent = message(direction=Direction.OUT, status=MessageStatus.SENT, sent_at=T0 + timedelta(seconds=5))
    whole = told("message.sent", sent)
    payload = whole["payload"]
    assert whole["event"] == "message.any"
    assert (payload["from"], payload["to"], payload["fromMe"]) == (OWN, CHAT, True)
    assert (payload["timestamp"], payload["ack"], payload["ackName"]) == (SECONDS + 5, 0, "PENDING")


@pytest.mark.parametrize(
    ("status", "ack"),
    [
        (MessageStatus.SERVER, (1, "SERVER")),
        (MessageStatus.DEVICE, (2, "DEVICE")),
        (MessageStatus.READ, (3, "READ")),
        (MessageStatus.FAILED, (-1, "ERROR")),
    ],
)
def test_acknowledgements(status: MessageStatus, ack: tuple[int, str]) -> None:
    event = "message.failed" if status is MessageStatus.FAILED else "message.ack"
    whole = told(event, message(direction=Direction.OUT, status=status))
    assert whole["event"] == "message.ack"
    assert (whole["payload"]["ack"], whole["payload"]["ackName"]) == ack


def test_a_file() -> None:
    content = Media(type=MediaKind.IMAGE, media_id=uuid4(), mime="image/png", filename="a.png", caption="look")
    payload = told("message.received", message(kind="image", text="look", content=content))["payload"]
    assert payload["hasMedia"] is True
    assert payload["media"] == {"url": None, "mimetype": "image/png", "filename": "a.png", "error": None}
    assert payload["_data"]["content"]["mediaId"] == str(content.media_id)


def test_edited_and_deleted() -> None:
    edited = told("message.edited", message(text="other", edited_at=T0))
    assert (edited["payload"]["body"], edited["payload"]["editedMessageId"]) == ("other", "3EB0AA")
    revoked = told("message.revoked", message(text="", revoked_at=T0))["payload"]
    assert (revoked["before"], revoked["revokedMessageId"]) == (None, "3EB0AA")
    assert revoked["after"]["id"] == f"false_{CHAT}_3EB0AA"


ABOUT = {"message_id": "1", "wa_message_id": f"true_{CHAT}_3EB0AA", "chat_id": CHAT, "at": T0.isoformat()}


def test_a_reaction() -> None:
    payload = told("message.reaction", {**ABOUT, "sender": CHAT, "from_me": False, "emoji": "👍"})["payload"]
    assert payload["reaction"] == {"text": "👍", "messageId": f"true_{CHAT}_3EB0AA"}
    assert (payload["from"], payload["timestamp"]) == (CHAT, SECONDS)


def test_a_vote() -> None:
    payload = told("poll.vote", {**ABOUT, "voter": CHAT, "from_me": False, "options": ["yes"]})["payload"]
    assert payload["vote"]["selectedOptions"] == ["yes"]
    assert payload["poll"] == {"id": f"true_{CHAT}_3EB0AA"}


def test_presence_and_calls() -> None:
    seen = {"chat_id": GROUP, "participant": CHAT, "state": "typing", "at": T0.isoformat()}
    payload = told("presence.update", seen)["payload"]
    assert payload["id"] == GROUP
    assert payload["presences"] == [{"participant": CHAT, "lastKnownPresence": "typing", "lastSeen": SECONDS}]
    call = {"call_id": "C", "caller": CHAT, "video": True, "group": False, "at": T0.isoformat()}
    payload = told("call.received", call)["payload"]
    assert (payload["id"], payload["from"], payload["isVideo"], payload["isGroup"]) == ("C", CHAT, True, False)


@pytest.mark.parametrize(
    ("status", "word"),
    [
        (SessionStatus.QUEUED, "STARTING"),
        (SessionStatus.QR, "SCAN_QR_CODE"),
        (SessionStatus.SYNCING, "STARTING"),
        (SessionStatus.READY, "WORKING"),
        (SessionStatus.RECONNECTING, "STARTING"),
        (SessionStatus.ACTION_REQUIRED, "FAILED"),
        (SessionStatus.ERROR, "FAILED"),
        (SessionStatus.STOPPED, "STOPPED"),
    ],
)
def test_statuses(status: SessionStatus, word: str) -> None:
    snapshot = SessionSnapshot(
        seq=1,
        account_id=ACCOUNT,
        user_id=USER,
        name="Shop",
        kind=AccountKind.LIVE,
        status=status,
        status_since=T0,
        created_at=T0,
    )
    payload = told("session.status", snapshot.model_dump(mode="json"))["payload"]
    assert (payload["name"], payload["status"]) == (f"user_{USER}_wa_{ACCOUNT}", word)
    assert payload["statuses"] == [{"status": word, "timestamp": (SECONDS + 1) * 1000}]


def test_what_waha_has_no_word_for_goes_out_as_ours() -> None:
    whole = told("consent.opted_out", {"chat_id": CHAT})
    assert (whole["event"], whole["payload"]) == ("consent.opted_out", {"chatId": CHAT})


@pytest.mark.parametrize("event", ["message.received", "message.ack", "session.status", "poll.vote", "call.received"])
def test_what_a_newer_host_wrote_goes_out_as_it_is(event: str) -> None:
    whole = told(event, {"new_field": 1})
    assert (whole["event"], whole["payload"]) == (event, {"newField": 1})


def test_before_the_first_login_there_is_no_me() -> None:
    assert waha.envelope(Told(EVENT, "webhook.test", T0, {"message": "x"}), ())["me"] is None
