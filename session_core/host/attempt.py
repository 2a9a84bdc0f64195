"""One browser of a session, from its launch to its end: what the driver tells, turned into statuses and errors."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack, suppress
from dataclasses import dataclass
from datetime import timedelta
from typing import Protocol

import structlog

from session_core.domain.events import Qr
from session_core.domain.status import ReasonCode, SessionStatus
from session_core.errors import LoginRequired, PersonRequired, TransientError, WhahookError
from session_core.host import qr_image
from session_core.host.policy import PHASE_DEADLINES
from session_core.host.room import Seat
from session_core.tasks import spawn
from session_core.whatsapp.driver import (
    Conflicted,
    Driver,
    DriverEvent,
    Gated,
    Linking,
    Loaded,
    LoggedOut,
    Loss,
    Lost,
    MessageEvent,
    Offline,
    QrExpired,
    QrShown,
    Ready,
    Syncing,
)

log = structlog.get_logger(__name__)

CLOSE_TIMEOUT = timedelta(seconds=45)
"""Above what a driver may take to end a browser that ignores everything but a kill."""

LAST_WORDS = timedelta(seconds=2)
"""What is on its way from a page that is gone is there by then."""

_STARTING = frozenset({SessionStatus.LAUNCHING, SessionStatus.LOADING})

_TOO_LONG = {
    SessionStatus.LINKING: ReasonCode.LINK_TIMEOUT,
    SessionStatus.SYNCING: ReasonCode.LINK_TIMEOUT,
    SessionStatus.RECONNECTING: ReasonCode.OFFLINE,
}
"""Why a phase that lasted too long ends; the other ones have to do with loading."""


class LoginMissing(LoginRequired):
    """The profile has no login, and nobody said that it ended: its database may have been lost."""


class Say(Protocol):
    """Sets the session's status (see `session_core.host.standing.Standing.set`)."""

    def __call__(
        self, status: SessionStatus, reason_code: ReasonCode, reason: str = "", *, qr: Qr | None = None
    ) -> None:
        """Set it. ``qr``: the code that is on screen."""
        ...


@dataclass(slots=True)
class Hearing:
    """Where an attempt tells what it hears."""

    say: Say
    ready: Callable[[Ready, bool], None]
    message: Callable[[MessageEvent], Awaitable[None]]


class Attempt:
    """Runs one driver. It ends with an error, always: the error's type says what comes next.

    Attributes:
        number: counts the browsers of a session.
        logged_in: whether the page has a login now.
        over: set when it ended or is being given up: nothing that its page still says counts.
        muted: set when the session was told something else: the page is followed, but changes no status any more.
    """

    def __init__(
        self,
        driver: Driver,
        hearing: Hearing,
        *,
        cause: ReasonCode,
        qr_reason: ReasonCode | None,
        gone: ReasonCode = ReasonCode.UNLINKED,
        number: int = 1,
    ) -> None:
        """Prepare; `run` starts the browser.

        Args:
            driver: a fresh one.
            hearing: where to tell.
            cause: why the session is being started, shown until something else is known.
            qr_reason: why a code is shown; None: none may be shown, since nobody is there to scan it.
            gone: why there is no login, when none is found.
            number: which browser of its session this is, from 1 on.
        """
        self.driver = driver
        self.number = number
        self.over = False
        self.logged_in = False
        self.muted = False
        self._hearing = hearing
        self._cause = cause
        self._qr_reason = qr_reason
        self._gone = gone
        self._status = SessionStatus.LAUNCHING
        self._showed_qr = False
        self._had_login = False
        self._deadline: asyncio.Timeout | None = None
        self._verdict: WhahookError | None = None

    def give_up(self, error: WhahookError) -> None:
        """Have `run` end with ``error`` now; nothing happens while it is not running."""
        if self._deadline is not None and not self.over:
            self.over = True
            self._verdict = error
            self._deadline.reschedule(asyncio.get_running_loop().time())

    async def run(self, starts: asyncio.Semaphore, seat: Seat) -> None:
        """Start the browser and follow the page until it ends.

        Args:
            starts: how many browsers may be starting at once; held until the page shows something.
            seat: the session's place; told when this browser has grown, and when it goes away.

        Raises:
            PersonRequired: a person has to do something; ``code`` is the reason.
            FatalError: it cannot work on this machine.
            TransientError: the browser or the page is gone.
        """
        async with AsyncExitStack() as start:
            await start.enter_async_context(starts)
            try:
                async with asyncio.timeout(None) as self._deadline:
                    await self._follow(start, seat)
            except TimeoutError as error:
                if self._verdict is not None:
                    raise self._verdict from None
                raise TransientError(
                    f"Nothing happened for too long while {self._status}.",
                    code=_TOO_LONG.get(self._status, ReasonCode.LOAD_TIMEOUT),
                ) from error
            finally:
                self.over = True
                seat.is_empty()

    async def _follow(self, start: AsyncExitStack, seat: Seat) -> None:
        self._say(SessionStatus.LAUNCHING)
        await self.driver.start()
        self._say(SessionStatus.LOADING)
        async for event in self.driver.events():
            if self.over:
                # Its end is on its way: a message that nobody took here is found by the next browser's sweep.
                continue
            await self._hear(event)
            if self._status not in _STARTING:
                await start.aclose()
                seat.has_grown()
        raise TransientError("The page is gone.", code=Loss.PAGE)

    async def end(self, name: str, kill: Callable[[], Awaitable[int]]) -> None:
        """End the browser, and take in what came in until then: WhatsApp may not deliver it to anybody again.

        Args:
            name: for the log.
            kill: ends the browser when the driver cannot; the next one needs the profile.
        """
        if not await close_driver(self.driver, name):
            await kill()
        with suppress(TimeoutError):
            async with asyncio.timeout(LAST_WORDS.total_seconds()):
                async for event in self.driver.events():
                    if isinstance(event, MessageEvent):
                        await self._hearing.message(event)

    def _say(
        self, status: SessionStatus, reason_code: ReasonCode | None = None, reason: str = "", *, qr: Qr | None = None
    ) -> None:
        if self.over:
            return
        self._enter(status)
        if not self.muted:
            self._hearing.say(status, self._cause if reason_code is None else reason_code, reason, qr=qr)

    def _enter(self, status: SessionStatus) -> None:
        self._status = status
        if self._deadline is not None and not self._deadline.expired():
            limit = PHASE_DEADLINES.get(status)
            now = asyncio.get_running_loop().time()
            self._deadline.reschedule(None if limit is None else now + limit.total_seconds())

    async def _hear(self, event: DriverEvent) -> None:
        match event:
            case event if isinstance(event, MessageEvent):
                await self._hearing.message(event)
            case Lost(loss, detail):
                raise _lost(loss, detail)
            case Gated(gate):
                raise PersonRequired("WhatsApp wants something of the number's owner first.", code=gate)
            case LoggedOut() | Conflicted() | QrExpired() | QrShown():
                self._login_news(event)
            case _:
                self._progress(event)

    def _progress(self, event: DriverEvent) -> None:
        self._had_login = self._had_login or isinstance(event, Linking | Syncing | Ready)
        match event:
            case Loaded() if self._status is not SessionStatus.LOADING:
                # The page was loaded anew under us; what it shows next says what that means.
                self._say(SessionStatus.LOADING)
            case Linking():
                self._say(SessionStatus.LINKING)
            case Syncing():
                self.logged_in = True
                self._say(SessionStatus.SYNCING)
            case Ready():
                self.logged_in = True
                self._qr_reason = None
                self._gone = ReasonCode.UNLINKED
                self._enter(SessionStatus.READY)
                if not self.muted:
                    self._hearing.ready(event, not self._showed_qr)
                self._showed_qr = False
                self._cause = ReasonCode.NONE
            case Offline(detail):
                self._say(SessionStatus.RECONNECTING, ReasonCode.OFFLINE, detail)

    def _login_news(self, event: LoggedOut | Conflicted | QrExpired | QrShown) -> None:
        if isinstance(event, Conflicted):
            raise LoginRequired("WhatsApp Web is open somewhere else.", code=ReasonCode.CONFLICT)
        self.logged_in = False
        if self.muted:
            return
        if isinstance(event, LoggedOut):
            # Where a code is expected anyway, the page shows it next.
            if self._qr_reason is None:
                raise LoginRequired("The login has ended.", code=event.cause)
        elif self._qr_reason is None:
            kind = LoginRequired if self._had_login else LoginMissing
            raise kind("There is no login any more.", code=self._gone)
        elif isinstance(event, QrExpired):
            raise LoginRequired("Nobody scanned the code.", code=ReasonCode.QR_EXPIRED)
        else:
            self._showed_qr = True
            self._say(SessionStatus.QR, self._qr_reason, qr=_drawn(event))


async def close_driver(driver: Driver, name: str) -> bool:
    """End the browser; comes back after a time, with False, even when that does not. ``name`` is for the log."""
    closing = spawn(driver.close(), name=f"close-{name}")
    _, late = await asyncio.wait({closing}, timeout=CLOSE_TIMEOUT.total_seconds())
    if late:
        log.error("driver_does_not_close", session=name)
    return not late


def _drawn(shown: QrShown) -> Qr:
    return Qr(
        code=shown.code,
        png=qr_image.data_uri(shown.code),
        shown_at=shown.shown_at,
        expires_at=shown.expires_at,
        number=shown.number,
    )


def _lost(loss: Loss, detail: str) -> TransientError | PersonRequired:
    if loss is Loss.UNSUPPORTED:
        return PersonRequired(f"WhatsApp Web refuses this browser. {detail}".strip(), code=loss)
    return TransientError(detail or "The browser or its page is gone.", code=loss)
