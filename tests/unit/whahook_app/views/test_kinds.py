from __future__ import annotations

from datetime import UTC, datetime
from typing import Any
from uuid import UUID, uuid4

import pytest

from session_core.domain.changes import VoteView
from session_core.domain.content import AnyContent, Card, Contacts, Location, Poll, Text
from session_core.domain.events import MessageView
from session_core.domain.lane import Hold, HoldCode
from session_core.domain.message import Direction, MessageStatus
from whahook_app.views.chats import bubble
from whahook_app.views.kinds import CardRow, card_rows, named, place_row, poll_row

AT = datetime(2026, 1, 1, tzinfo=UTC)
ANA = "34612345678@c.us"
POLL = Poll(question="¿Cuándo?", options=("hoy", "mañana", "nunca"))


def message(content: AnyContent, **fields: Any) -> MessageView:
    values = {
        "id": uuid4(),
        "account_id": UUID(int=1),
        "direction": Direction.IN,
        "chat_id": ANA,
        "kind": content.type,
        "text": content.plain_text,
        "content": content,
        "status": MessageStatus.RECEIVED,
        "created_at": AT,
        "updated_at": AT,
    }
    return MessageView(**(values | fields))


def vote(voter: str, *options: str, from_me: bool = False) -> VoteView:
    return VoteView(voter=voter, options=options, from_me=from_me, at=AT)


class TestPlace:
    def test_the_link_asks_for_the_place(self) -> None:
        row = place_row(message(Location(latitude=40.41678912, longitude=-3.5, name="Sol", address="Madrid")))
        assert (row.name, row.address, row.coordinates) == ("Sol", "Madrid", "40.416789, -3.5")
        assert row.link == "https://www.openstreetmap.org/?mlat=40.416789&mlon=-3.5#map=16/40.416789/-3.5"

    def test_another_message_has_none(self) -> None:
        assert place_row(message(Text(text="hola"))).link == ""


class TestCards:
    @pytest.mark.parametrize(
        ("card", "number", "chat"),
        [
            (Card(name="Ana", phone="34612345678"), "+34 612 34 56 78", ANA),
            (Card(name="Ana", phone="+34 612 34 56 78"), "+34 612 34 56 78", ANA),
            (Card(name="Ana", vcard="BEGIN:VCARD\nTEL;waid=34612345678:+34 612345678\nEND"), "+34 612 34 56 78", ANA),
            (Card(name="Ana", vcard="item1.X:1\nTEL:ext. 12"), "ext. 12", ""),
            (Card(name="Ana", vcard="BEGIN:VCARD"), "", ""),
            (Card(name="Ana", phone="+1"), "+1", ""),
        ],
        ids=["digits", "written", "vcard", "no number", "no phone", "too short"],
    )
    def test_only_a_number_can_be_written_to(self, card: Card, number: str, chat: str) -> None:
        assert card_rows(message(Contacts(contacts=(card,)))) == [CardRow("Ana", number, chat)]


class TestPoll:
    def test_votes_are_counted_and_told_by_name(self) -> None:
        votes = (vote(ANA, "hoy"), vote("34600000001@c.us", "hoy", "nunca"), vote("me", "nunca", from_me=True))
        row = poll_row(message(POLL, votes=votes), "es", {ANA: "Ana"})
        assert (row.question, row.votes) == ("¿Cuándo?", "3 personas han votado")
        assert [(one.text, one.votes, one.share) for one in row.options] == [
            ("hoy", "2", "67%"),
            ("mañana", "0", "0%"),
            ("nunca", "2", "67%"),
        ]
        assert [one.who for one in row.options] == ["Ana, +34 600 00 00 01", "", "+34 600 00 00 01, Tú"]

    def test_a_vote_that_was_taken_back_is_none(self) -> None:
        assert poll_row(message(POLL, votes=(vote(ANA),)), "en", {}).votes == "0 people have voted"


class TestMentions:
    def test_people_have_their_names(self) -> None:
        said = Text(text="@34612345678 y @346123456789, y @34600000001", mentions=("34612345678", "34600000001@c.us"))
        assert named(message(said), {ANA: r"Ana \1"}) == r"@Ana \1 y @346123456789, y @34600000001"


class TestBubble:
    def test_what_is_drawn_is_not_said_again(self) -> None:
        row = bubble(message(POLL), "es", {}, {})
        assert (row.text, row.note, row.poll.question) == ("", "", "¿Cuándo?")
        assert row.mention == "Encuesta ¿Cuándo? hoy mañana nunca"

    def test_only_our_own_that_is_out_can_be_changed(self) -> None:
        ours = {"direction": Direction.OUT, "status": MessageStatus.SENT, "wa_message_id": "true_x"}
        said = bubble(message(Text(text="a"), **ours), "es", {}, {})
        poll = bubble(message(POLL, **ours), "es", {}, {})
        theirs = bubble(message(Text(text="a"), wa_message_id="false_x"), "es", {}, {})
        gone = bubble(message(Text(text="a"), **ours, revoked_at=AT), "es", {}, {})
        assert [(row.changeable, row.deletable) for row in (said, poll, theirs, gone)] == [
            (True, True),
            (False, True),
            (False, False),
            (False, False),
        ]

    def test_what_waits_says_why_and_can_be_taken_back(self) -> None:
        waits = {"direction": Direction.OUT, "status": MessageStatus.QUEUED}
        row = bubble(message(Text(text="a"), **waits, hold=Hold(code=HoldCode.SCHEDULED, until=AT)), "es", {}, {})
        assert (row.hold, row.hold_code, row.hold_until) == ("Programado.", "scheduled", AT.isoformat())
        assert (row.cancellable, row.deletable) == (True, False)
