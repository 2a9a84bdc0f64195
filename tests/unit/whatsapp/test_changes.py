from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from session_core.domain.changes import PresenceState
from session_core.whatsapp.changes import change
from session_core.whatsapp.driver import (
    CallSeen,
    ChangeEvent,
    MessageEdited,
    MessageRevoked,
    PresenceSeen,
    ReactionSeen,
    VoteSeen,
)

AT = datetime(2026, 1, 1, tzinfo=UTC)
T = AT.timestamp()


@pytest.mark.parametrize(
    ("news", "event"),
    [
        ({"what": "edited", "id": "A", "text": "new"}, MessageEdited("A", "new", AT)),
        ({"what": "revoked", "ids": ["A", "B"]}, MessageRevoked(("A", "B"), AT)),
        (
            {"what": "reaction", "id": "A", "who": "1@c.us", "mine": False, "emoji": "x"},
            ReactionSeen("A", "1@c.us", False, "x", AT),
        ),
        (
            {
                "what": "reaction",
                "id": "A",
                "who": "77@lid",
                "other": "1@c.us",
                "name": "Eva",
                "mine": False,
                "emoji": "x",
            },
            ReactionSeen("A", "1@c.us", False, "x", AT, lid="77@lid", name="Eva"),
        ),
        (
            {"what": "vote", "id": "A", "who": "77@lid", "other": None, "name": "Eva", "mine": False, "options": []},
            VoteSeen("A", "77@lid", False, (), AT, name="Eva"),
        ),
        (
            {"what": "presence", "chat": "1@g.us", "who": "77@lid", "whoOther": "1@c.us", "state": "typing"},
            PresenceSeen("1@g.us", "1@c.us", PresenceState.TYPING, AT),
        ),
        (
            {"what": "vote", "id": "A", "who": "1@c.us", "mine": True, "options": ["a"]},
            VoteSeen("A", "1@c.us", True, ("a",), AT),
        ),
        (
            {"what": "presence", "chat": "1@c.us", "who": None, "state": "typing"},
            PresenceSeen("1@c.us", None, PresenceState.TYPING, AT),
        ),
        (
            {"what": "presence", "chat": "77@lid", "other": "34600111222@c.us", "who": None, "state": "typing"},
            PresenceSeen("34600111222@c.us", None, PresenceState.TYPING, AT),
        ),
        (
            {"what": "call", "id": "C", "who": "1@c.us", "video": True, "group": False},
            CallSeen("C", "1@c.us", True, False, AT),
        ),
        (
            {"what": "call", "id": "C", "who": "77@lid", "other": "34600111222@c.us", "video": True, "group": False},
            CallSeen("C", "34600111222@c.us", True, False, AT),
        ),
    ],
    ids=lambda given: given["what"] if isinstance(given, dict) else "",
)
def test_what_the_page_tells(news: dict[str, Any], event: ChangeEvent) -> None:
    assert change({**news, "t": T}) == event


@pytest.mark.parametrize("news", [None, {"what": "fax", "t": T}, {"what": "edited", "id": "A", "t": T}], ids=str)
def test_what_is_not_agreed_is_an_error_without_its_text(news: object) -> None:
    with pytest.raises(ValueError, match="validation error"):
        change(news)
