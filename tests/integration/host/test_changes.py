"""What changes messages: stored once, with what was there before, told to programs once."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from uuid import UUID

import pytest
from sqlmodel import col, select

from session_core.bus import presence
from session_core.clock import utcnow
from session_core.core import Core
from session_core.domain.changes import PresenceState
from session_core.domain.content import Edit, Location, Poll, Reaction, Revoke, stored
from session_core.domain.message import Ack, Direction, MessageStatus
from session_core.host import changes as told
from session_core.host import messages as host_messages
from session_core.services import changing
from session_core.services import messages as service
from session_core.store import early_changes, erasure
from session_core.store.models import EarlyChange, EarlyKind, Message, OutboxEvent
from session_core.whatsapp.driver import (
    AckChanged,
    CallSeen,
    Loaded,
    MessageEdited,
    MessageEvent,
    MessageRevoked,
    PresenceSeen,
    ReactionSeen,
    VoteSeen,
)
from tests.factories import CHAT, add_message
from tests.fakes.drivers import ScriptedDriver, ready
from tests.integration.host.stage import Stage
from tests.integration.host.test_commands import ready_with
from tests.integration.host.test_messages import seen
from tests.waiting import eventually

EVA = CHAT
OTHER = "34600999888@c.us"
LID = "123456789012345@lid"
AT = utcnow()


async def sent(stage: Stage, account_id: UUID, **fields: object) -> Message:
    """Return a message that WhatsApp has."""
    values: dict[str, object] = {"status": MessageStatus.READ, **fields}
    row = await add_message(stage.core.db, account_id, **values)
    async with stage.core.db.begin() as session:
        kept = await session.get(Message, row.seq)
        assert kept is not None
        out = kept.direction is Direction.OUT
        kept.wa_message_id = f"{str(out).lower()}_{CHAT}_{kept.wa_key}"
    row.wa_message_id = f"{str(out).lower()}_{CHAT}_{row.wa_key}"
    return row


async def hear(stage: Stage, account_id: UUID, *events: MessageEvent) -> None:
    for event in events:
        await told.heard(stage.core, stage.user_id, account_id, event)


async def events_of(core: Core) -> list[str]:
    async with core.db.read() as session:
        return list((await session.exec(select(OutboxEvent.type).order_by(col(OutboxEvent.id)))).all())


async def test_an_acknowledgement_tells_what_is_there_beside_it(stage: Stage) -> None:
    account_id = await stage.linked()
    row = await sent(stage, account_id, status=MessageStatus.SENT)
    wa_id = str(row.wa_message_id)
    await hear(stage, account_id, ReactionSeen(wa_id, EVA, False, "👍", AT), AckChanged(wa_id, Ack.READ))
    async with stage.core.db.read() as session:
        newest = (await session.exec(select(OutboxEvent).order_by(col(OutboxEvent.id).desc()))).first()
    assert newest is not None
    assert newest.type == "message.ack"
    assert [one["emoji"] for one in newest.payload["reactions"]] == ["👍"]


async def test_an_edit_changes_the_text_once_and_keeps_the_old_one(stage: Stage) -> None:
    account_id = await stage.linked()
    row = await sent(stage, account_id)
    wa_id = str(row.wa_message_id)
    edit = MessageEdited(wa_id, "hello again", AT)
    # The same in a chat that moved to its hidden id meanwhile.
    moved = MessageEdited(wa_id.replace(CHAT, "123456789012345@lid"), "hello again", AT)
    await hear(stage, account_id, edit, edit, moved, MessageEdited(f"true_{CHAT}_3EB0NONE", "x", AT))
    view = await service.get_message(stage.core, stage.user_id, account_id, row.id)
    assert (view.text, view.edited_at, view.revoked_at) == ("hello again", AT, None)
    before = await changing.versions(stage.core, stage.user_id, account_id, row.id)
    assert [(one.kind, one.text) for one in before] == [("edit", "hello")]
    assert await events_of(stage.core) == ["message.edited"]


async def test_a_place_has_no_text_to_edit(stage: Stage) -> None:
    account_id = await stage.linked()
    place = Location(latitude=1, longitude=2)
    row = await sent(stage, account_id, kind="location", text=place.plain_text, content=stored(place))
    await hear(stage, account_id, MessageEdited(str(row.wa_message_id), "", AT))
    assert await events_of(stage.core) == []


async def test_what_was_taken_back_says_nothing_any_more(stage: Stage) -> None:
    account_id = await stage.linked()
    row = await sent(stage, account_id, direction=Direction.IN)
    revoked = MessageRevoked(("false_1@c.us_OTHER", str(row.wa_message_id)), AT)
    await hear(stage, account_id, revoked, revoked, MessageEdited(str(row.wa_message_id), "late", AT))
    view = await service.get_message(stage.core, stage.user_id, account_id, row.id)
    assert (view.text, view.revoked_at) == ("", AT)
    before = await changing.versions(stage.core, stage.user_id, account_id, row.id)
    assert [(one.kind, one.text) for one in before] == [("revoke", "hello")]
    assert await events_of(stage.core) == ["message.revoked"]


async def test_reactions_one_a_person_and_never_an_older_one(stage: Stage) -> None:
    account_id = await stage.linked()
    row = await sent(stage, account_id)
    wa_id, later = str(row.wa_message_id), AT + timedelta(seconds=1)
    await hear(
        stage,
        account_id,
        ReactionSeen(wa_id, EVA, False, "👍", AT),
        ReactionSeen(wa_id, EVA, False, "👍", AT),
        ReactionSeen(wa_id, "34600111222@c.us", True, "🎉", AT),
        ReactionSeen(wa_id, "98765432101234@lid", True, "🎉", AT),
        ReactionSeen(wa_id, EVA, False, "🎉", later),
        ReactionSeen(wa_id, EVA, False, "👍", AT),
    )
    [view] = await service.list_messages(stage.core, stage.user_id, account_id)
    assert {(one.sender, one.emoji) for one in view.reactions} == {(EVA, "🎉"), ("34600111222@c.us", "🎉")}
    await hear(
        stage, account_id, ReactionSeen(wa_id, EVA, False, "", later), ReactionSeen(wa_id, EVA, False, "", later)
    )
    [view] = await service.list_messages(stage.core, stage.user_id, account_id)
    assert [one.from_me for one in view.reactions] == [True]
    assert await events_of(stage.core) == ["message.reaction"] * 4


async def test_votes(stage: Stage) -> None:
    account_id = await stage.linked()
    poll = Poll(question="When?", options=("now", "later"))
    row = await sent(stage, account_id, kind="poll", text=poll.plain_text, content=stored(poll))
    wa_id, later = str(row.wa_message_id), AT + timedelta(seconds=1)
    first = VoteSeen(wa_id, EVA, False, ("now",), AT)
    await hear(stage, account_id, first, first, VoteSeen(wa_id, EVA, False, ("later",), later), first)
    view = await service.get_message(stage.core, stage.user_id, account_id, row.id)
    assert [(vote.voter, vote.options) for vote in view.votes] == [(EVA, ("later",))]
    assert await events_of(stage.core) == ["poll.vote"] * 2


@pytest.mark.parametrize("kind", ["edit", "reaction", "revoke"])
async def test_what_we_did_to_a_message_is_in_it_when_it_went_out(stage: Stage, kind: str) -> None:
    account_id = await stage.linked()
    target = await sent(stage, account_id)
    wa_id = str(target.wa_message_id)
    content = {
        "edit": Edit(target_id=wa_id, text="new"),
        "reaction": Reaction(target_id=wa_id, emoji="👍"),
        "revoke": Revoke(target_id=wa_id),
    }[kind]
    action = await add_message(
        stage.core.db,
        account_id,
        kind=kind,
        text=content.plain_text,
        content=stored(content),
        status=MessageStatus.SENDING,
    )
    for _ in range(2):
        await host_messages.sent(stage.core, stage.user_id, account_id, action.id, None, AT)
    [view] = await service.list_messages(stage.core, stage.user_id, account_id)
    shown = (view.id, view.text, [one.emoji for one in view.reactions])
    assert shown == (target.id, *{"edit": ("new", []), "reaction": ("hello", ["👍"]), "revoke": ("", [])}[kind])
    names = {"edit": "message.edited", "reaction": "message.reaction", "revoke": "message.revoked"}
    assert await events_of(stage.core) == ["message.sent", names[kind]]


async def test_calls_and_what_people_do(stage: Stage) -> None:
    account_id = await stage.linked()
    typing = PresenceSeen(EVA, None, PresenceState.TYPING, AT)
    await hear(stage, account_id, typing, CallSeen("C", EVA, True, False, AT))
    assert await events_of(stage.core) == ["call.received"]
    await presence.watch(stage.core.redis, account_id, EVA)
    await hear(stage, account_id, typing)
    assert await events_of(stage.core) == ["call.received", "presence.update"]


async def test_what_was_done_to_a_message_before_it_came(stage: Stage) -> None:
    driver = ScriptedDriver([Loaded(), ready()])
    account_id = await ready_with(stage, driver)
    poll = Poll(question="When?", options=("now", "later"))
    wa_id, later = f"false_{CHAT}_P1", AT + timedelta(seconds=1)
    await hear(
        stage,
        account_id,
        ReactionSeen(wa_id, LID, False, "👍", AT),
        ReactionSeen(wa_id, LID, False, "🎉", later),
        ReactionSeen(wa_id, LID, False, "👍", AT),
        VoteSeen(wa_id, EVA, False, ("later",), AT),
        VoteSeen(wa_id, "34600111222@c.us", True, ("now",), AT),
        ReactionSeen(f"true_{CHAT}_P1", EVA, False, "👎", AT),
    )
    assert {name for name in await events_of(stage.core) if name != "session.status"} == set()
    come = seen("P1", kind="poll", text=poll.plain_text, content=poll)
    driver.emit(come, come)

    async def stored_with() -> bool:
        found = await service.list_messages(stage.core, stage.user_id, account_id)
        return bool(found and found[0].reactions and len(found[0].votes) == 2)

    await eventually(stored_with)
    [view] = await service.list_messages(stage.core, stage.user_id, account_id)
    assert [(one.sender, one.emoji) for one in view.reactions] == [(EVA, "🎉")]
    assert {(one.voter, one.options) for one in view.votes} == {(EVA, ("later",)), ("34600111222@c.us", ("now",))}
    told_programs = [name for name in await events_of(stage.core) if name.startswith(("message.", "poll."))]
    assert sorted(told_programs) == ["message.reaction", "message.received", "poll.vote", "poll.vote"]


async def test_what_a_sweep_finds_is_told_once_and_marked(stage: Stage) -> None:
    account_id = await stage.linked()
    poll = Poll(question="When?", options=("now", "later"))
    row = await sent(stage, account_id, kind="poll", text=poll.plain_text, content=stored(poll))
    wa_id, later = str(row.wa_message_id), AT + timedelta(seconds=1)
    live = ReactionSeen(wa_id, EVA, False, "👍", AT)
    swept = ReactionSeen(wa_id, EVA, False, "🎉", later, replayed=True)
    vote = VoteSeen(wa_id, EVA, False, ("now",), later, replayed=True)
    nothing = VoteSeen(wa_id, EVA, False, (), AT, replayed=True)
    await hear(stage, account_id, live, replace(live, replayed=True), swept, swept, live, nothing, vote, vote)
    async with stage.core.db.read() as session:
        events = (await session.exec(select(OutboxEvent).order_by(col(OutboxEvent.id)))).all()
    assert [(one.type, one.payload["replayed"]) for one in events] == [
        ("message.reaction", False),
        ("message.reaction", True),
        ("poll.vote", True),
    ]
    gone = replace(swept, emoji="", at=later + timedelta(seconds=1))
    await hear(stage, account_id, gone, gone)
    [view] = await service.list_messages(stage.core, stage.user_id, account_id)
    assert (view.reactions, [one.options for one in view.votes]) == ((), [("now",)])


async def test_a_sweep_keeps_nothing_for_messages_that_are_not_here_and_brings_nobody_back(stage: Stage) -> None:
    account_id = await stage.linked()
    row = await sent(stage, account_id, chat_id="12036340000000001@g.us")
    async with stage.core.db.begin() as session:
        await erasure.bury(session, account_id, erasure.Person(frozenset({OTHER}), frozenset()), AT)
    before, after = (AT + timedelta(seconds=one) for one in (-1, 1))
    for wa_id, who, at in (
        (f"false_{CHAT}_3EB0NONE", EVA, after),
        (str(row.wa_message_id), OTHER, before),
    ):
        await hear(stage, account_id, ReactionSeen(wa_id, who, False, "👍", at, replayed=True))
    async with stage.core.db.read() as session:
        assert (await session.exec(select(EarlyChange))).all() == []
    assert await events_of(stage.core) == []
    await hear(stage, account_id, ReactionSeen(str(row.wa_message_id), OTHER, False, "👍", after, replayed=True))
    assert await events_of(stage.core) == ["message.reaction"]


async def test_the_other_side_of_a_chat_is_one_whatever_its_id_is(stage: Stage) -> None:
    account_id = await stage.linked()
    row = await sent(stage, account_id)
    wa_id, later = str(row.wa_message_id), AT + timedelta(seconds=1)
    await hear(
        stage, account_id, ReactionSeen(wa_id, LID, False, "👍", AT), ReactionSeen(wa_id, EVA, False, "🎉", later)
    )
    [view] = await service.list_messages(stage.core, stage.user_id, account_id)
    assert [(one.sender, one.emoji) for one in view.reactions] == [(EVA, "🎉")]


async def test_what_never_comes_is_not_kept_for_ever(stage: Stage) -> None:
    account_id = await stage.linked()
    now = utcnow()
    async with stage.core.db.begin() as session:
        for key, at in (("OLD", now - early_changes.KEPT_FOR * 2), ("NEW", now)):
            await early_changes.keep(
                session, account_id, f"false_{CHAT}_{key}", EarlyKind.REACTION, EVA, ["👍"], at, at, from_me=False
            )
    async with stage.core.db.read() as session:
        assert [one.wa_key for one in (await session.exec(select(EarlyChange))).all()] == ["NEW"]
    async with stage.core.db.begin() as session:
        await early_changes.forget(session, account_id, {EVA})
        assert (await session.exec(select(EarlyChange))).all() == []
