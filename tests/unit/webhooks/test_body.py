from __future__ import annotations

import json
from uuid import UUID, uuid4

import pytest

from session_core.domain.content import Media
from session_core.domain.events import MessageView, Qr, SessionSnapshot
from session_core.domain.media import MediaKind, MediaState, MediaView
from session_core.domain.message import Direction, MessageStatus
from session_core.domain.status import AccountKind, SessionStatus
from session_core.webhooks import body
from session_core.webhooks.body import Told
from tests.factories import T0
from whahook_app.api.media_schemas import Media as ShownMedia
from whahook_app.api.message_schemas import Message

EVENT, USER, ACCOUNT = UUID(int=1), UUID(int=2), UUID(int=3)


def composed(event_type: str, payload: dict[str, object]) -> dict[str, object]:
    whole: dict[str, object] = json.loads(
        body.written(body.envelope(Told(EVENT, event_type, T0, payload, account_id=ACCOUNT, user_id=USER, cursor=7)))
    )
    return whole


def test_the_envelope() -> None:
    assert composed("some.thing", {"a_b": [{"c_d": 1}]}) == {
        "id": f"evt_{EVENT.hex}",
        "type": "some.thing",
        "timestamp": "2026-01-01T00:00:00Z",
        "cursor": 7,
        "accountId": str(ACCOUNT),
        "sessionId": f"user_{USER}_wa_{ACCOUNT}",
        "data": {"aB": [{"cD": 1}]},
    }


@pytest.mark.parametrize("direction", list(Direction))
@pytest.mark.parametrize("author", [None, "1@c.us"])
def test_a_message_is_what_the_api_shows(direction: Direction, author: str | None) -> None:
    view = MessageView(
        id=uuid4(),
        account_id=ACCOUNT,
        direction=direction,
        chat_id="34612345678@c.us",
        author=author,
        text="café 👍",
        content=Media(type="image", media_id=uuid4(), mime="image/png", caption="café 👍", size=3),
        status=MessageStatus.SENT,
        created_at=T0,
        updated_at=T0,
    )
    told = composed("message.sent", view.model_dump(mode="json"))["data"]
    assert told == Message.of(view).model_dump(mode="json", by_alias=True)


def test_a_file_is_what_the_api_shows_without_an_address() -> None:
    view = MediaView(
        id=uuid4(),
        account_id=ACCOUNT,
        message_id=uuid4(),
        direction=Direction.IN,
        kind=MediaKind.IMAGE,
        state=MediaState.READY,
        mime="image/png",
        size=3,
        created_at=T0,
    )
    told = composed("message.media", view.model_dump(mode="json"))["data"]
    shown = ShownMedia.of(view, None, "").model_dump(mode="json", by_alias=True)
    assert told == {name: value for name, value in shown.items() if name not in {"url", "urlExpiresAt"}}


def test_a_status_has_the_public_word_and_nothing_of_ours() -> None:
    qr = Qr(code="secret", png="secret", shown_at=T0, expires_at=T0, number=1)
    snapshot = SessionSnapshot(
        seq=1,
        account_id=ACCOUNT,
        user_id=USER,
        name="Shop",
        kind=AccountKind.LIVE,
        status=SessionStatus.RECONNECTING,
        status_since=T0,
        created_at=T0,
        host_id="host-1",
        qr=qr,
    )
    told = composed("session.status", snapshot.model_dump(mode="json"))
    data = told["data"]
    assert isinstance(data, dict)
    assert (data["status"], data["phase"], data["name"]) == ("disconnected", "reconnecting", "Shop")
    assert "secret" not in json.dumps(told)
    assert not {"userId", "hostId", "qr"} & data.keys()


def test_a_reaction_is_no_message() -> None:
    payload = {"message_id": "1", "chat_id": "34612345678@c.us", "at": "x", "from_me": False, "emoji": "👍"}
    assert composed("message.reaction", payload)["data"] == {
        "messageId": "1",
        "chatId": "34612345678@c.us",
        "at": "x",
        "fromMe": False,
        "emoji": "👍",
    }


def test_what_a_newer_host_wrote_goes_out_as_it_is() -> None:
    assert composed("session.status", {"status": "dreaming"})["data"] == {"status": "dreaming"}
    assert composed("session.status", {"new_field": 1})["data"] == {"newField": 1}


def test_the_same_event_is_the_same_bytes() -> None:
    first, second = (body.written(body.envelope(Told(EVENT, "x", T0, {"b": 1, "a": "é"}))) for _ in range(2))
    assert first == second
