"""Writing down what a page told waits for the database alone."""

from __future__ import annotations

from datetime import timedelta
from functools import partial
from types import SimpleNamespace
from typing import Any, cast
from uuid import uuid4

import pytest

from session_core.bus import news
from session_core.bus.news import News
from session_core.clock import utcnow
from session_core.core import Core
from session_core.host import changes
from session_core.host.journal import Journal
from session_core.whatsapp.driver import PresenceSeen
from tests.fakes.buses import SilentBus
from tests.waiting import eventually


async def test_a_bus_that_hangs_does_not_hold_up_the_journal(monkeypatch: pytest.MonkeyPatch) -> None:
    """A hundred people who type, which is only told, and behind them something that has to be stored."""
    monkeypatch.setattr(news, "TRY_TIMEOUT", timedelta(milliseconds=1))
    monkeypatch.setattr(news, "LAST_WORDS", timedelta(0))
    bus = SilentBus()
    core = cast(Core, SimpleNamespace(redis=bus, news=News(cast(Any, bus))))
    core.news.start()
    core.news.tell(bus.ping)
    await eventually(lambda: core.news.away)
    stored: list[bool] = []

    async def store() -> None:
        stored.append(True)

    journal = Journal("one")
    journal.start()
    for _ in range(100):
        typing = PresenceSeen(chat_id="34600000001@c.us", participant=None, state="composing", at=utcnow())
        await journal.add_bulk(partial(changes.heard, core, uuid4(), uuid4(), typing))
    journal.add(store)
    await eventually(lambda: stored, timedelta(seconds=5))
    await journal.close()
    await core.news.close()
