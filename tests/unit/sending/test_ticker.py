"""A ticker whose bus is away goes on, and says so once."""

from __future__ import annotations

from datetime import timedelta
from typing import Any, cast

import pytest
from structlog.testing import capture_logs

from session_core.core import Core
from session_core.sending import ticker
from session_core.sending.ticker import Ticker
from session_core.settings import Settings
from tests.fakes.buses import RefusingBus
from tests.waiting import eventually


class _Doors:
    """As much of a core as a ticker opens."""

    def __init__(self, bus: RefusingBus) -> None:
        self.settings = Settings(redis_url_setting="redis://127.0.0.1:1/0")
        self.redis = bus


async def test_a_bus_that_is_away_is_one_line_of_each_loop(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ticker, "PAUSE_AFTER_ERROR", timedelta(0))
    bus = RefusingBus()
    ticking = Ticker(cast(Core, cast(Any, _Doors(bus))), sweep_every=timedelta(0))
    with capture_logs() as lines:
        ticking.start()
        await eventually(lambda: bus.asked >= 20)
        await ticking.stop()
    assert sorted(line["event"] for line in lines) == ["round_failed", "ticker_cannot_reach_bus"]
    assert all(line["log_level"] == "warning" and "exc_info" not in line for line in lines)
