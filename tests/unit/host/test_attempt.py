"""What an attempt makes of a driver's events, without anything around it."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import Any

import pytest

from session_core.domain.events import Qr
from session_core.domain.message import Ack
from session_core.domain.status import ReasonCode, SessionStatus
from session_core.errors import LoginRequired, PersonRequired, TransientError, WhahookError
from session_core.host import policy
from session_core.host.attempt import Attempt, Hearing, LoginMissing, close_driver
from session_core.host.room import Room, Seat
from session_core.tasks import spawn
from session_core.whatsapp.driver import (
    AckChanged,
    Conflicted,
    DriverEvent,
    Gate,
    Gated,
    Linking,
    Loaded,
    LoggedOut,
    Loss,
    Lost,
    Offline,
    QrExpired,
    Ready,
    Syncing,
)
from tests.fakes.drivers import NeverStartedDriver, ScriptedDriver, UnstartableDriver, qr, ready
from tests.waiting import eventually

S = SessionStatus
CAUSE = ReasonCode.REQUESTED
END = Lost(Loss.PAGE, "end")


class Heard:
    """Everything that an attempt told."""

    def __init__(self) -> None:
        self.said: list[tuple[SessionStatus, ReasonCode]] = []
        self.codes: list[Qr] = []
        self.readies: list[tuple[Ready, bool]] = []
        self.messages: list[Any] = []

    def say(self, status: SessionStatus, reason_code: ReasonCode, reason: str = "", *, qr: Qr | None = None) -> None:
        self.said.append((status, reason_code))
        if qr is not None:
            self.codes.append(qr)

    async def message(self, event: Any) -> None:
        self.messages.append(event)

    def hearing(self) -> Hearing:
        return Hearing(say=self.say, ready=lambda *told: self.readies.append(told), message=self.message)


async def follow(
    *events: DriverEvent, qr_reason: ReasonCode | None = ReasonCode.UNLINKED
) -> tuple[Heard, WhahookError]:
    """Run an attempt over the events; return what it told and how it ended."""
    heard = Heard()
    attempt = Attempt(ScriptedDriver([*events, END]), heard.hearing(), cause=CAUSE, qr_reason=qr_reason)
    with pytest.raises(WhahookError) as ended:
        await attempt.run(asyncio.Semaphore(1), Seat())
    return heard, ended.value


async def test_every_step_is_said_with_its_reason() -> None:
    heard, error = await follow(Loaded(), qr(), Linking(), Syncing(), ready(), Offline(), ready())
    assert heard.said == [
        (S.LAUNCHING, CAUSE),
        (S.LOADING, CAUSE),
        (S.QR, ReasonCode.UNLINKED),
        (S.LINKING, CAUSE),
        (S.SYNCING, CAUSE),
        (S.RECONNECTING, ReasonCode.OFFLINE),
    ]
    assert [restored for _, restored in heard.readies] == [False, True]
    assert [code.code for code in heard.codes] == ["2@ref1,noise,identity,adv"]
    assert isinstance(error, TransientError)
    assert error.code == Loss.PAGE


@pytest.mark.parametrize(
    ("events", "allowed", "kind", "code"),
    [
        ([qr()], None, LoginMissing, "unlinked"),
        ([QrExpired()], None, LoginMissing, "unlinked"),
        ([Syncing(), qr()], None, LoginRequired, "unlinked"),
        ([LoggedOut()], None, LoginRequired, "unlinked"),
        ([QrExpired()], CAUSE, LoginRequired, "qr_expired"),
        ([ready(), qr()], CAUSE, LoginRequired, "unlinked"),
        ([ready(), LoggedOut()], CAUSE, LoginRequired, "unlinked"),
        ([LoggedOut(), qr()], CAUSE, TransientError, "page_crashed"),
        ([Conflicted()], CAUSE, LoginRequired, "conflict"),
        ([Lost(Loss.UNSUPPORTED)], CAUSE, PersonRequired, "unsupported_browser"),
        ([Gated(Gate.PASSKEY)], CAUSE, PersonRequired, "passkey"),
        ([ready(), Gated(Gate.LIMITED)], None, PersonRequired, "limited"),
        ([Lost(Loss.BROWSER)], CAUSE, TransientError, "browser_crashed"),
    ],
)
async def test_how_an_attempt_ends(
    events: list[DriverEvent], allowed: ReasonCode | None, kind: type[WhahookError], code: str
) -> None:
    _, error = await follow(*events, qr_reason=allowed)
    assert (type(error), error.code) == (kind, code)


async def test_messages_are_passed_on_in_order() -> None:
    acks = [AckChanged(f"true_1@c.us_{number}", Ack.READ) for number in range(3)]
    heard, _ = await follow(acks[0], ready(), *acks[1:])
    assert heard.messages == acks


async def test_a_muted_attempt_goes_on_and_says_nothing() -> None:
    heard, driver = Heard(), ScriptedDriver([ready()])
    attempt = Attempt(driver, heard.hearing(), cause=CAUSE, qr_reason=None)
    running = spawn(attempt.run(asyncio.Semaphore(1), Seat()), name="attempt")
    await eventually(lambda: heard.readies)
    attempt.muted = True
    said = list(heard.said)
    ack = AckChanged("true_1@c.us_K", Ack.READ)
    driver.emit(Offline(), LoggedOut(), qr(), ack, END)
    with pytest.raises(TransientError):
        await running
    assert (heard.said, heard.messages, heard.codes) == (said, [ack], [])
    assert not attempt.logged_in


async def test_a_start_takes_a_place_among_the_starts_until_something_is_shown() -> None:
    starts, room, driver = asyncio.Semaphore(1), Room(0, memory=lambda: 10**10), ScriptedDriver([Loaded()])
    attempt = Attempt(driver, Heard().hearing(), cause=CAUSE, qr_reason=CAUSE)
    left = room.left
    async with room.place(lambda: None) as seat:
        running = spawn(attempt.run(starts, seat), name="attempt")
        await eventually(lambda: driver.started)
        assert starts.locked()
        assert room.left == left - 1
        driver.emit(qr())
        await eventually(lambda: not starts.locked())
        assert room.left == left
        driver.emit(END)
        with pytest.raises(TransientError):
            await running
        assert room.left == left - 1, "kept for the browser that follows"
    assert room.left == left


async def test_a_failed_start_gives_its_place_back() -> None:
    starts = asyncio.Semaphore(1)
    attempt = Attempt(UnstartableDriver(), Heard().hearing(), cause=CAUSE, qr_reason=CAUSE)
    with pytest.raises(TransientError):
        await attempt.run(starts, Seat())
    assert not starts.locked()


async def test_an_attempt_that_is_given_up_ends_at_once_and_hears_nothing_more() -> None:
    heard, driver = Heard(), ScriptedDriver([ready()])
    attempt = Attempt(driver, heard.hearing(), cause=CAUSE, qr_reason=None, number=7)
    attempt.give_up(TransientError("too early", code="page_crashed"))
    running = spawn(attempt.run(asyncio.Semaphore(1), Seat()), name="attempt")
    await eventually(lambda: heard.readies)
    said = list(heard.said)
    attempt.give_up(TransientError("enough", code="browser_crashed"))
    attempt.give_up(TransientError("the first word counts", code="page_crashed"))
    driver.emit(Offline(), LoggedOut(), qr())
    with pytest.raises(TransientError) as ended:
        await running
    assert (ended.value.code, attempt.over, attempt.number) == ("browser_crashed", True, 7)
    assert (heard.said, heard.codes) == (said, [])


@pytest.mark.parametrize(
    ("events", "status", "code"),
    [
        ([], S.LAUNCHING, "load_timeout"),
        ([Loaded()], S.LOADING, "load_timeout"),
        ([qr()], S.QR, "load_timeout"),
        ([Linking()], S.LINKING, "link_timeout"),
        ([Syncing()], S.SYNCING, "link_timeout"),
        ([ready(), Offline()], S.RECONNECTING, "offline"),
    ],
)
async def test_every_phase_has_an_exit(
    events: list[DriverEvent], status: SessionStatus, code: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(policy.PHASE_DEADLINES, status, timedelta(milliseconds=50))
    driver = ScriptedDriver(events) if events else NeverStartedDriver()
    heard = Heard()
    attempt = Attempt(driver, heard.hearing(), cause=CAUSE, qr_reason=CAUSE)
    async with asyncio.timeout(10):
        with pytest.raises(TransientError) as ended:
            await attempt.run(asyncio.Semaphore(1), Seat())
    assert ended.value.code == code
    assert heard.said[-1][0] is status


async def test_closing_twice_is_closing() -> None:
    driver = ScriptedDriver()
    await close_driver(driver, "x")
    await close_driver(driver, "x")
    assert driver.closed == 2
