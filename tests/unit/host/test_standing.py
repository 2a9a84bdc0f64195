"""What a session says of itself, and when it keeps silent."""

from __future__ import annotations

from datetime import timedelta
from typing import Any, cast
from uuid import UUID, uuid4

import pytest

from session_core.clock import utcnow
from session_core.domain.events import Qr
from session_core.domain.status import ReasonCode, SessionStatus
from session_core.host import standing as module
from session_core.host.journal import Entry, Journal
from session_core.host.record import StatusChange
from session_core.host.standing import Standing
from session_core.store.models import SessionRuntime

S = SessionStatus
R = ReasonCode


class Paper:
    """A journal that stores when it is told to, and what reached the database."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, *, held: bool = True) -> None:
        self.waiting: list[Entry] = []
        self.stored: list[StatusChange] = []
        self._held = held
        monkeypatch.setattr(module, "status_changed", self._status_changed)

    def add(self, entry: Entry) -> None:
        self.waiting.append(entry)

    async def store(self) -> list[StatusChange]:
        while self.waiting:
            await self.waiting.pop(0)()
        return self.stored

    async def _status_changed(self, core: object, account_id: UUID, change: StatusChange) -> bool:
        self.stored.append(change)
        return self._held


def standing_at(status: SessionStatus, paper: Paper, fenced: list[bool] | None = None) -> Standing:
    runtime = SessionRuntime(account_id=uuid4(), status=status, status_since=utcnow() - timedelta(hours=1))
    return Standing(
        cast(Any, None),
        runtime.account_id,
        runtime,
        name="one",
        host_id="here",
        epoch=7,
        journal=cast(Journal, paper),
        fenced_off=lambda: (fenced if fenced is not None else []).append(True),
    )


async def test_what_is_set_counts_at_once_and_is_stored_in_order(monkeypatch: pytest.MonkeyPatch) -> None:
    paper = Paper(monkeypatch)
    standing = standing_at(S.STOPPED, paper)
    before = utcnow()
    for status in (S.QUEUED, S.LAUNCHING, S.LOADING, S.READY):
        standing.set(status, R.REQUESTED)
        assert standing.status is status
    assert paper.stored == []
    stored = await paper.store()
    assert [change.status for change in stored] == [S.QUEUED, S.LAUNCHING, S.LOADING, S.READY]
    assert [change.line for change in stored] == [False, False, False, True]
    assert all((change.epoch, change.host_id) == (7, "here") and change.since >= before for change in stored)


async def test_a_step_that_may_not_follow_changes_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    paper = Paper(monkeypatch)
    standing = standing_at(S.STOPPED, paper)
    standing.set(S.READY, R.NONE)
    assert (standing.status, await paper.store()) == (S.STOPPED, [])


async def test_renewals_of_a_code_are_no_news_and_keep_the_time(monkeypatch: pytest.MonkeyPatch) -> None:
    paper = Paper(monkeypatch)
    standing = standing_at(S.LOADING, paper)
    for number in (1, 2):
        code = Qr(code="2@a", png="data:", number=number, shown_at=utcnow(), expires_at=utcnow())
        standing.set(S.QR, R.REQUESTED, qr=code)
    first, second = await paper.store()
    assert (first.news, second.news) == (True, False)
    assert first.since == second.since


@pytest.mark.parametrize(
    ("status", "connected", "said"),
    [(S.READY, True, S.RECONNECTING), (S.STOPPED, True, S.QUEUED), (S.STOPPING, False, S.STOPPED)],
)
async def test_a_host_that_goes_says_what_is_still_wanted(
    monkeypatch: pytest.MonkeyPatch, status: SessionStatus, connected: bool, said: SessionStatus
) -> None:
    paper = Paper(monkeypatch)
    standing = standing_at(status, paper)
    standing.leaving = True
    standing.leave(connected=connected, why=R.HOST_STOPPED)
    (change,) = await paper.store()
    assert (change.status, change.host_id, change.reason_code) == (said, None, R.HOST_STOPPED)


async def test_who_lost_the_account_says_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    paper = Paper(monkeypatch)
    standing = standing_at(S.READY, paper)
    standing.silent = True
    standing.set(S.STOPPED, R.REQUESTED)
    assert (standing.status, await paper.store()) == (S.READY, [])


async def test_who_is_fenced_off_hears_of_it(monkeypatch: pytest.MonkeyPatch) -> None:
    paper, fenced = Paper(monkeypatch, held=False), list[bool]()
    standing = standing_at(S.READY, paper, fenced)
    standing.set(S.STOPPED, R.REQUESTED)
    await paper.store()
    assert fenced == [True]
