"""People in groups, whom WhatsApp names by hidden ids (LIDs): one person each, by the number once it is known."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import UUID

from sqlmodel import col, select

from session_core.clock import utcnow
from session_core.domain.chats import ContactFacts
from session_core.domain.content import Poll, Text
from session_core.domain.events import MessageView
from session_core.host import changes as told
from session_core.services import chats as chat_service
from session_core.services import messages as service
from session_core.store import chats, erasure
from session_core.store.models import OutboxEvent
from session_core.whatsapp.driver import MessageSeen, ReactionSeen, VoteSeen
from tests.integration.host.stage import Stage
from tests.integration.host.test_messages import seen

GROUP = "120363400000000001@g.us"
LEO, LEO_LID = "34611000002@c.us", "123456789012345@lid"
EVA_LID = "223456789012345@lid"
AT = utcnow()


def wrote(key: str, author: str, **fields: Any) -> MessageSeen:
    id_ = f"false_{GROUP}_{key}_{fields.get('author_lid') or author}"
    return seen(key, wa_message_id=id_, chat_id=GROUP, author=author, at=AT, **fields)


async def hear(stage: Stage, account_id: UUID, *events: MessageSeen | ReactionSeen | VoteSeen) -> None:
    for event in events:
        await told.heard(stage.core, stage.user_id, account_id, event)


async def messages(stage: Stage, account_id: UUID) -> dict[str, MessageView]:
    found = await service.list_messages(stage.core, stage.user_id, account_id)
    return {message.text: message for message in found}


async def test_who_wrote_under_a_hidden_id_has_the_number_once_it_is_known(stage: Stage) -> None:
    account_id = await stage.linked()
    to_leo = Text(text="ask @123456789012345!", mentions=(LEO_LID,))
    mention = wrote("A2", EVA_LID, text=to_leo.text, content=to_leo, sender_name="Eva")
    await hear(stage, account_id, wrote("A1", LEO_LID, text="early"), mention)
    before = await messages(stage, account_id)
    assert (before["early"].author, before["early"].sender_name) == (LEO_LID, "Luis")
    assert before[to_leo.text].content == to_leo

    await hear(stage, account_id, wrote("A3", LEO, author_lid=LEO_LID, text="late", sender_name="Leo"))
    after = await messages(stage, account_id)
    assert [after[text].author for text in ("early", "late")] == [LEO, LEO]
    assert after["ask @34611000002!"].content == Text(text="ask @34611000002!", mentions=(LEO,))
    assert after["ask @34611000002!"].author == EVA_LID
    # Told by the hidden id alone, as by a page that does not know it yet.
    await hear(stage, account_id, wrote("A4", LEO_LID, text="again"))
    assert (await messages(stage, account_id))["again"].author == LEO
    async with stage.core.db.read() as session:
        newest = (await session.exec(select(OutboxEvent).order_by(col(OutboxEvent.id).desc()))).first()
    assert newest is not None
    assert newest.payload["author"] == LEO
    names, _, _ = await chat_service.context(stage.core, stage.user_id, account_id, [*after.values()])
    assert names == {LEO: "Luis", EVA_LID: "Eva"}


async def test_a_person_reacts_and_votes_once_whatever_the_id(stage: Stage) -> None:
    account_id = await stage.linked()
    poll = Poll(question="When?", options=("now", "later"))
    asked = wrote("P1", EVA_LID, kind="poll", text=poll.plain_text, content=poll)
    later = AT + timedelta(seconds=1)
    id_ = asked.wa_message_id
    await hear(
        stage,
        account_id,
        asked,
        ReactionSeen(id_, LEO_LID, False, "👍", AT, name="Leo"),
        VoteSeen(id_, LEO_LID, False, ("now",), AT),
        ReactionSeen(id_, LEO, False, "🎉", later, lid=LEO_LID),
        VoteSeen(id_, LEO, False, ("later",), later),
        ReactionSeen(id_, EVA_LID, False, "👎", later, name="Eva"),
    )
    [view] = (await messages(stage, account_id)).values()
    assert {(one.sender, one.sender_name, one.emoji) for one in view.reactions} == {
        (LEO, "Leo", "🎉"),
        (EVA_LID, "Eva", "👎"),
    }
    assert [(one.voter, one.voter_name, one.options) for one in view.votes] == [(LEO, "Leo", ("later",))]
    async with stage.core.db.read() as session:
        rows = (await session.exec(select(OutboxEvent).order_by(col(OutboxEvent.id)))).all()
    reactions = [one.payload for one in rows if one.type == "message.reaction"]
    assert [(one["sender"], one["sender_name"]) for one in reactions] == [
        (LEO_LID, "Leo"),
        (LEO, "Leo"),
        (EVA_LID, "Eva"),
    ]
    assert [one.payload["voter"] for one in rows if one.type == "poll.vote"] == [LEO_LID, LEO]


async def test_the_name_saved_on_the_phone_comes_before_the_one_that_somebody_chose(stage: Stage) -> None:
    account_id = await stage.linked()
    facts = [ContactFacts(LEO, push_name="leo_99"), ContactFacts(LEO_LID, phone="34611000002", name="Leo Work")]
    async with stage.core.db.begin() as session:
        await chats.learn_contacts(session, account_id, facts)
        assert await chats.names_of_chats(session, account_id, {LEO, LEO_LID}) == {LEO: "Leo Work", LEO_LID: "Leo Work"}
        assert await chats.ids_of(session, account_id, LEO) == sorted((LEO, LEO_LID))


async def test_who_was_erased_by_the_hidden_id_does_not_come_back_by_the_number(stage: Stage) -> None:
    account_id = await stage.linked()
    async with stage.core.db.begin() as session:
        who = erasure.Person(frozenset({LEO_LID}), frozenset())
        await erasure.bury(session, account_id, who, AT + timedelta(minutes=1))
    await hear(stage, account_id, wrote("A1", LEO, author_lid=LEO_LID))
    assert await messages(stage, account_id) == {}
