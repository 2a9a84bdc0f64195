"""News waits for the bus, and nobody waits for the news."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import Any, cast
from uuid import uuid4

import pytest
from redis.exceptions import ConnectionError as BusAway
from structlog.testing import capture_logs

from session_core.bus import keys, news
from session_core.bus.news import News
from session_core.domain.events import ChatsChanged
from tests.fakes.buses import RefusingBus, SilentBus
from tests.waiting import eventually


class HearingBus:
    """Hears everything that is published, once it listens."""

    def __init__(self, *, listens: bool = True) -> None:
        self.listens = listens
        self.heard: list[tuple[str, str]] = []
        self.asked = 0

    async def publish(self, channel: str, said: str) -> None:
        self.asked += 1
        if not self.listens:
            raise BusAway("nobody listens")
        self.heard.append((channel, said))


@asynccontextmanager
async def told_to(bus: HearingBus | RefusingBus) -> AsyncIterator[News]:
    there = News(cast(Any, bus))
    there.start()
    try:
        yield there
    finally:
        await there.close()


@pytest.fixture(autouse=True)
def hurry(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(news, "RETRY_PAUSE", timedelta(0))
    monkeypatch.setattr(news, "LAST_WORDS", timedelta(milliseconds=1))


@pytest.fixture
def lines() -> Iterator[list[Any]]:
    with capture_logs() as lines:
        yield cast(list[Any], lines)


def chats() -> ChatsChanged:
    return ChatsChanged(user_id=uuid4(), account_id=uuid4())


def channels(*events: ChatsChanged) -> list[str]:
    return [keys.user_channel(event.user_id) for event in events]


async def test_news_is_told_in_order() -> None:
    bus, events = HearingBus(), [chats() for _ in range(3)]
    async with told_to(bus) as there:
        there.publish(*events)
        await eventually(lambda: len(bus.heard) == 3)
    assert bus.heard == [
        (channel, event.model_dump_json()) for channel, event in zip(channels(*events), events, strict=True)
    ]


async def test_what_waits_at_the_end_is_told_first(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(news, "LAST_WORDS", timedelta(seconds=5))
    bus = HearingBus()
    async with told_to(bus) as there:
        there.publish(chats(), chats())
    assert len(bus.heard) == 2


async def test_a_bus_that_comes_back_hears_what_it_missed(lines: list[Any]) -> None:
    bus, events = HearingBus(listens=False), [chats(), chats()]
    async with told_to(bus) as there:
        there.publish(*events)
        await eventually(lambda: bus.asked >= 5)
        assert there.away
        bus.listens = True
        await eventually(lambda: len(bus.heard) == 2)
        assert not there.away
    assert [channel for channel, _ in bus.heard] == channels(*events)
    assert [line["event"] for line in lines] == ["bus_not_told", "bus_not_told_over"]


async def test_the_oldest_goes_when_too_much_waits(monkeypatch: pytest.MonkeyPatch, lines: list[Any]) -> None:
    monkeypatch.setattr(news, "MOST", 3)
    bus, events = HearingBus(listens=False), [chats() for _ in range(5)]
    async with told_to(bus) as there:
        there.publish(*events)
        await eventually(lambda: there.away)
        bus.listens = True
        await eventually(lambda: len(bus.heard) == 3)
    assert [channel for channel, _ in bus.heard] == channels(*events[2:])
    assert lines[-1]["dropped"] == 2


async def test_what_is_dropped_while_it_is_told_takes_nothing_else_with_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(news, "MOST", 1)
    bus, heard, may_end = HearingBus(), asyncio.Event(), asyncio.Event()

    async def slow() -> None:
        heard.set()
        await may_end.wait()

    async with told_to(bus) as there:
        there.tell(slow)
        await asyncio.wait_for(heard.wait(), 5)
        there.publish(chats())
        may_end.set()
        await eventually(lambda: len(bus.heard) == 1)


async def test_what_helps_nobody_any_more_is_not_told() -> None:
    bus, event = HearingBus(), chats()
    async with told_to(bus) as there:
        there.publish(chats(), good_for=timedelta(0))
        there.publish(event)
        await eventually(lambda: len(bus.heard) == 1)
    assert [channel for channel, _ in bus.heard] == channels(event)


async def test_what_the_bus_refuses_is_logged_and_holds_nothing_up(lines: list[Any]) -> None:
    async def wrong() -> None:
        raise ValueError("on purpose")

    bus = HearingBus()
    async with told_to(bus) as there:
        there.tell(wrong)
        there.publish(chats())
        await eventually(lambda: len(bus.heard) == 1)
    assert [line["event"] for line in lines] == ["news_refused"]


@pytest.mark.parametrize("kind", [RefusingBus, SilentBus])
async def test_a_dead_bus_holds_up_neither_who_tells_nor_the_end(kind: type[RefusingBus], lines: list[Any]) -> None:
    bus = kind()
    async with told_to(bus) as there:
        for _ in range(news.MOST * 2):
            there.publish(chats())
        await eventually(lambda: bus.asked >= 1)
    assert lines[-1] == {"event": "news_not_told", "waiting": news.MOST, "log_level": "warning"}


async def test_a_bus_that_hangs_is_away_after_a_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(news, "TRY_TIMEOUT", timedelta(milliseconds=1))
    async with told_to(SilentBus()) as there:
        there.publish(chats())
        await eventually(lambda: there.away)
