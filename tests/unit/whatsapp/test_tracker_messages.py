"""What the tracker makes of messages, of gaps in them, and of limits on them."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest

from session_core.domain.message import Ack
from session_core.whatsapp.driver import (
    AckChanged,
    DriverEvent,
    MessageSeen,
    ReachOutChanged,
    ReachOutHit,
    UploadLost,
)
from tests.fakes.drivers import T0
from tests.unit.whatsapp.pages import DOWN, MAIN, Page

MESSAGE = {"id": "false_1@c.us_A", "chat": "1@c.us", "fromMe": False, "kind": "chat", "text": "x", "ack": 1}


def told(page: Page, at: datetime) -> list[DriverEvent]:
    message = MESSAGE | {"t": at.timestamp()}
    return page.tracker.feed({"kind": "message", "doc": page.doc, "message": message})


def test_a_live_message_and_one_of_before(page: Page) -> None:
    page.says(MAIN)
    for at, replayed in ((page.clock.time, False), (page.clock.time - timedelta(minutes=1), True)):
        [event] = told(page, at)
        assert isinstance(event, MessageSeen)
        assert event.replayed is replayed


def test_an_ack(page: Page) -> None:
    assert page.tracker.feed({"kind": "ack", "doc": "d1", "id": "true_1@c.us_A", "ack": 2}) == [
        AckChanged("true_1@c.us_A", Ack.DEVICE)
    ]


@pytest.mark.parametrize(
    "push", [{}, {"kind": "x"}, {"kind": "state", "state": None}, {"kind": "message", "message": {}}, {"kind": "ack"}]
)
def test_nonsense_is_an_error_of_the_expected_kind(page: Page, push: dict[str, Any]) -> None:
    with pytest.raises((ValueError, KeyError)):
        page.tracker.feed(push)


def test_the_first_sweep_goes_back_to_the_last_known_activity() -> None:
    since = T0 - timedelta(days=1)
    page = Page(since)
    page.says(MAIN)
    assert page.tracker.sweep_due
    assert page.tracker.missed_since == since


def test_without_a_known_activity_history_is_left_alone(page: Page) -> None:
    page.clock.pass_(30)
    page.says(MAIN)
    assert page.tracker.missed_since == T0


def test_later_sweeps_go_back_to_a_little_before_the_interruption(page: Page) -> None:
    page.says(MAIN)
    page.tracker.sweep_due = False
    page.clock.pass_(3600)
    page.says(DOWN)
    page.clock.pass_(600)
    page.says(MAIN)
    assert page.tracker.sweep_due
    assert page.tracker.missed_since == T0 + timedelta(seconds=3600) - timedelta(minutes=2)


@pytest.mark.parametrize("ahead", [timedelta(hours=1), timedelta(0)])
def test_a_clock_that_is_ahead_hides_no_message_from_a_sweep(page: Page, ahead: timedelta) -> None:
    page.clock.pass_(ahead.total_seconds())
    page.says(MAIN)
    page.tracker.sweep_due = False
    told(page, T0 + timedelta(seconds=30))
    page.clock.pass_(60)
    page.says(DOWN, MAIN)
    assert page.tracker.missed_since == T0 + timedelta(seconds=30) - timedelta(minutes=2)


def test_a_sweep_that_was_not_made_keeps_its_start(page: Page) -> None:
    page.says(MAIN)
    page.clock.pass_(3600)
    page.says(DOWN, MAIN)
    assert page.tracker.missed_since == T0


def test_messages_are_looked_for_once_more_when_what_had_waited_is_there(page: Page) -> None:
    page.says(MAIN)
    page.tracker.sweep_due = False
    page.clock.pass_(5)
    page.says(MAIN)
    assert not page.tracker.sweep_due
    page.says(MAIN | {"delivered": 1})
    assert page.tracker.sweep_due


def test_messages_are_looked_for_once_more_though_the_page_says_nothing(page: Page) -> None:
    page.says(MAIN)
    page.tracker.sweep_due = False
    page.clock.pass_(10)
    page.says(MAIN)
    assert page.tracker.sweep_due
    page.tracker.sweep_due = False
    page.clock.pass_(3600)
    page.says(MAIN)
    assert not page.tracker.sweep_due


UNTIL = T0 + timedelta(days=3)
LIMITED = {"limit": {"limited": True, "until": UNTIL.timestamp() * 1000}}
FREE = {"limit": {"limited": False, "until": None}}


def limits(events: list[DriverEvent]) -> list[ReachOutChanged]:
    return [event for event in events if isinstance(event, ReachOutChanged)]


def test_the_limit_on_new_conversations_is_told_once_and_when_it_changes() -> None:
    page = Page()
    assert limits(page.says(MAIN)) == []
    assert limits(page.says(MAIN | FREE, MAIN | FREE)) == [ReachOutChanged(False, None)]
    assert limits(page.says(MAIN | LIMITED, MAIN | LIMITED)) == [ReachOutChanged(True, UNTIL)]
    assert limits(page.says(MAIN | {"limit": {"limited": True}})) == [ReachOutChanged(True, None)]
    # A page that is offline says nothing new, one that was loaded anew what it said before.
    assert limits(page.says(DOWN | FREE)) == []
    page.reloads("d2")
    assert limits(page.says(MAIN | {"limit": {"limited": True}})) == []
    assert limits(page.says(MAIN | FREE)) == [ReachOutChanged(False, None)]


@pytest.mark.parametrize(
    ("said", "until"), [(UNTIL.timestamp() * 1000, UNTIL), (None, None), ("soon", None), (-1, None), (9e15, None)]
)
def test_a_refusal_for_the_limit(said: object, until: datetime | None) -> None:
    page = Page()
    page.says(MAIN)
    told = page.tracker.feed({"kind": "limited", "doc": page.doc, "id": "true_1@c.us_A", "until": said})
    assert told == [ReachOutHit("true_1@c.us_A", until)]


def test_a_file_that_went_down_with_its_page_is_told(page: Page) -> None:
    told = page.tracker.feed({"kind": "lost", "doc": page.doc, "id": "true_1@c.us_A"})
    assert told == [UploadLost("true_1@c.us_A")]
