from __future__ import annotations

import pytest

from session_core.domain.webhooks import EVENT_TYPES, chooses, is_known, is_pattern


@pytest.mark.parametrize(
    ("patterns", "event_type", "chosen"),
    [
        (["*"], "anything.at.all", True),
        (["message.sent"], "message.sent", True),
        (["message.sent"], "message.sent.twice", False),
        (["message.*"], "message.sent", True),
        (["message.*"], "messages.sent", False),
        (["session.status", "message.ack"], "message.ack", True),
        (["session.status"], "message.ack", False),
        ([], "message.ack", False),
    ],
)
def test_choosing(patterns: list[str], event_type: str, chosen: bool) -> None:
    assert chooses(patterns, event_type) is chosen


@pytest.mark.parametrize("text", ["", "message.", "Message.*", "*.*", "a b", "message.**", "x" * 65, "%", "message.*x"])
def test_what_chooses_nothing(text: str) -> None:
    assert not (is_pattern(text) and is_known(text))


def test_everything_that_there_is_can_be_chosen() -> None:
    for name in EVENT_TYPES:
        assert is_pattern(name)
        assert is_known(name)
        assert is_known(name.split(".")[0] + ".*")
    assert is_known("*")
    assert not is_known("group.*")
