from __future__ import annotations

import pytest

from session_core.domain.queues import JobQueue, parse_queues


@pytest.mark.parametrize(
    ("text", "queues"),
    [
        ("sending", [JobQueue.SENDING]),
        ("alerts, sending", [JobQueue.ALERTS, JobQueue.SENDING]),
        ("whahook-alerts sending", [JobQueue.ALERTS, JobQueue.SENDING]),
        ("sending,sending", [JobQueue.SENDING]),
        ("all", [JobQueue.SENDING, JobQueue.ALERTS]),
    ],
    ids=["one", "order", "whole-name", "twice", "all"],
)
def test_names_of_queues(text: str, queues: list[JobQueue]) -> None:
    assert list(parse_queues(text)) == queues


@pytest.mark.parametrize("text", ["", " , ", "default", "sending,all"], ids=["empty", "commas", "unknown", "all-and"])
def test_what_is_no_queue_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="sending, alerts"):
        parse_queues(text)
