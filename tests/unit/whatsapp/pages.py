"""A page as the tracker hears of it."""

from __future__ import annotations

from datetime import datetime, timedelta

from session_core.whatsapp.driver import DriverEvent
from session_core.whatsapp.tracker import Patience, Tracker
from tests.fakes.drivers import T0

URL = "https://web.whatsapp.com/"
QR = {"mode": "QR", "info": "PAIRING", "state": "UNPAIRED", "ref": "a", "code": "a,n,i,s"}
LOGIN = {"registered": True, "phone": "34600", "name": "Ana", "state": "OPENING"}
SYNC = LOGIN | {"state": "CONNECTED", "mode": "SYNCING"}
MAIN = SYNC | {"mode": "MAIN", "info": "NORMAL", "synced": True, "listening": True, "injected": True}
GONE = QR | {"ref": None, "code": None, "injected": True, "authenticated": False}
DOWN = MAIN | {"info": "OFFLINE", "state": "TIMEOUT"}


class StoppedClock:
    """Stands still until the test moves it."""

    def __init__(self) -> None:
        self.time = T0

    def now(self) -> datetime:
        return self.time

    def pass_(self, seconds: float) -> None:
        self.time += timedelta(seconds=seconds)


class Page:
    """Tells the tracker what a page would."""

    def __init__(self, since: datetime | None = None, url: str = URL) -> None:
        self.clock = StoppedClock()
        self.tracker = Tracker(self.clock, url, since, Patience())
        self.doc = "d1"
        self.n = 0

    def says(self, *states: dict[str, object]) -> list[DriverEvent]:
        events: list[DriverEvent] = []
        for state in states:
            self.n += 1
            events += self.tracker.feed({"kind": "state", "doc": self.doc, "state": {"n": self.n, **state}})
        return events

    def reloads(self, doc: str, url: str | None = None) -> list[DriverEvent]:
        self.doc, self.n = doc, 0
        return self.tracker.navigated(url) if url else []


def kinds(events: list[DriverEvent]) -> list[type]:
    return [type(event) for event in events]
