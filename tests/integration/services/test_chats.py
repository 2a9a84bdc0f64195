from __future__ import annotations

from uuid import uuid4

import pytest

from session_core.clock import utcnow
from session_core.core import Core
from session_core.domain.changes import ReactionView, VoteView
from session_core.domain.chats import ContactFacts
from session_core.domain.content import Text
from session_core.errors import NotFound
from session_core.services import chats, history, outgoing, search
from session_core.store import chats as rows
from session_core.store.models import MessageReaction
from tests.integration.services.conftest import Two

NAMES = {f"3460000000{n}@c.us": name for n, name in enumerate(("Ana", "Beto", "Carla", "Dani"))}


async def test_who_is_mentioned_reacts_or_votes_has_a_name(core: Core, two: Two) -> None:
    writes, mentioned, reacts, votes = NAMES
    async with core.db.begin() as session:
        await rows.learn_contacts(
            session, two.account_id, [ContactFacts(wa_id, name=name) for wa_id, name in NAMES.items()]
        )
    content = Text(text="@34600000001 hola", mentions=("34600000001",))
    accepted = await outgoing.send(core, two.ana, two.account_id, to=writes, content=content)
    seen = accepted.message.model_copy(
        update={
            "reactions": (ReactionView(sender=reacts, emoji="👍", at=utcnow()),),
            "votes": (VoteView(voter=votes, options=("hoy",), at=utcnow()),),
        }
    )
    names, _, _ = await chats.context(core, two.ana, two.account_id, [seen])
    assert names == NAMES
    assert mentioned in names


async def test_a_message_is_shown_as_it_is_now_whatever_an_older_event_says(core: Core, two: Two) -> None:
    accepted = await outgoing.send(core, two.ana, two.account_id, to="34600000000@c.us", content=Text(text="hola"))
    message_id = accepted.message.id
    async with core.db.begin() as session:
        session.add(MessageReaction(message_id=message_id, sender="34600000002@c.us", emoji="👍", at=utcnow()))
    found = await search.search_messages(core, two.ana, "hola")
    (exported,) = [piece async for piece in await history.export(core, two.ana, two.account_id)]
    listed = [chat.last for chat in (await chats.list_chats(core, two.ana, two.account_id)).items]
    one = (await chats.get_chat(core, two.ana, two.account_id, "34600000000@c.us")).last
    for shown in (*found.items, *exported, *listed, one):
        assert shown is not None
        assert [reaction.emoji for reaction in shown.reactions] == ["👍"]
    (now,) = await chats.as_now(core, two.ana, two.account_id, [message_id, uuid4()])
    assert [one.emoji for one in now.reactions] == ["👍"]
    with pytest.raises(NotFound):
        await chats.as_now(core, two.eva, two.account_id, [message_id])
