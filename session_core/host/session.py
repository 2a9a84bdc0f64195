"""One account: what it was told, where it stands, and the browser behind it."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from datetime import datetime, timedelta
from functools import partial

import structlog

from session_core.clock import utcnow
from session_core.domain.health import Health
from session_core.domain.ids import session_id
from session_core.domain.status import ReasonCode, SessionStatus
from session_core.errors import FatalError, TransientError, WhahookError
from session_core.host import changes, directory, messages, policy, removal
from session_core.host.attempt import LAST_WORDS, Attempt, Hearing
from session_core.host.house import House
from session_core.host.journal import Entry, Journal
from session_core.host.pause import Pause
from session_core.host.placing import Placing
from session_core.host.policy import Goal, Order
from session_core.host.room import Seat
from session_core.host.setbacks import Setbacks
from session_core.host.standing import Standing
from session_core.host.unlink import log_out, unlink
from session_core.store.models import Account, SessionRuntime
from session_core.tasks import TaskOwner, spawn, to_its_end
from session_core.whatsapp.driver import Driver, MessageEvent, MessageSeen, PresenceSeen, ReachOutChanged, Ready

log = structlog.get_logger(__name__)

CANCEL_AGAIN_AFTER = timedelta(seconds=20)

STUCK_AFTER = 5
"""Browsers in a row that did not get to ready. With the pauses in between that is about half a minute."""

KILL_AGAIN_AFTER = timedelta(milliseconds=500)


class Session:
    """Carries out the orders about one account, one after the other, until the account is at rest.

    `run` is the whole life. `order` changes the goal at any time; what is under way is broken off at once.

    Attributes:
        ending: nothing more is done; only what must be stored is still being stored.
        sending: held by whoever sends; one text at a time.
        ready_since: since when it is ready, None while it is not; a page that is offline for a moment stays ready here.
        linked_anew: whether a phone was linked when it became ready.
        handed_over: False when another host was meant to go on and the login could not be saved for it.
    """

    def __init__(
        self, house: House, account: Account, runtime: SessionRuntime, order: Order, epoch: int, login_here: bool = True
    ) -> None:
        """Prepare; `run` begins.

        ``epoch``: number of the claim; nothing is written under it after a newer one. ``login_here``: it is written
        down already that the newest login is in this host's folder.
        """
        self.account_id = account.id
        self.epoch = epoch
        self.user_id = account.user_id
        self.name = session_id(account.user_id, account.id)
        self.ending = False
        self.sending = asyncio.Lock()
        self._house = house
        self._account = account
        self._order = order
        self._left_goal = order.goal
        self._seq = runtime.wanted_seq
        self._changed = asyncio.Event()
        self._tasks = TaskOwner()
        self._journal = Journal(self.name)
        self._attempt: Attempt | None = None
        self._standing = Standing(
            house.core,
            account.id,
            runtime,
            name=self.name,
            host_id=house.host_id,
            epoch=epoch,
            journal=self._journal,
            fenced_off=self._fenced_off,
        )
        asked = runtime.status.settled
        self._expects_qr = asked or runtime.phone_number is None
        self._cause = ReasonCode.REQUESTED if asked else policy.cause_of(runtime, house.host_id)
        self._heard_at = messages.known_until(account, runtime)
        self._setbacks = Setbacks()
        self._ready_at: float | None = None
        self.ready_since: datetime | None = None
        self.linked_anew = False
        self.handed_over = True
        self._worked = False
        self._restore = order.restore
        self._placing = Placing(house, self, self._standing.queued(ReasonCode.RESTORING), login_here=login_here)
        self._was_at_rest = runtime.status.settled
        self._attempts = 0
        self._last_message_at = asyncio.get_running_loop().time()
        self._gone = ReasonCode.UNLINKED
        self._ended = asyncio.Event()
        self._login_ended = False
        self._said_leaving = False
        self._lost = False
        self._take_note_of(order)

    # ---- Seen from the manager ------------------------------------------------------------------------------------

    @property
    def status(self) -> SessionStatus:
        """Where the session stands now; what is stored follows."""
        return self._standing.status

    @property
    def running(self) -> policy.Running:
        """What the session is doing, for `session_core.host.policy.decide`."""
        gave_up = self._order.goal is Goal.CONNECT and self.status.settled
        return policy.Running(self._order.goal, self._seq, self.ending, gave_up)

    @property
    def driver(self) -> Driver | None:
        """The driver, while the session is ready or shows a code; None while nothing can be asked of it."""
        attempt = self._attempt
        if attempt is None or attempt.muted or attempt.over:
            return None
        return attempt.driver if self.status in {SessionStatus.READY, SessionStatus.QR} else None

    @property
    def health(self) -> Health | None:
        """What the last looks at the page found; None while there is no login to judge."""
        attempt = self._attempt
        return None if attempt is None or attempt.over else attempt.driver.health()

    @property
    def browsing(self) -> bool:
        """Whether there is a browser, or one is being started."""
        return self._attempt is not None

    @property
    def ready_for(self) -> timedelta | None:
        """How long the session has been ready without a break; None: it is not."""
        if self.status is not SessionStatus.READY or self._ready_at is None:
            return None
        return timedelta(seconds=asyncio.get_running_loop().time() - self._ready_at)

    @property
    def quiet_for(self) -> timedelta:
        """How long no message went in or out."""
        return timedelta(seconds=asyncio.get_running_loop().time() - self._last_message_at)

    async def recycle(self, detail: str) -> None:
        """Have another browser take over, between two texts; what comes in meanwhile is swept. ``detail``: why."""
        async with self.sending:
            attempt = self._attempt
            if attempt is not None and self.status is SessionStatus.READY:
                attempt.give_up(TransientError(detail, code=ReasonCode.RECYCLED))

    @property
    def stuck(self) -> bool:
        """Whether it might be better off on another host: it waits for room, or one browser after the other breaks."""
        if self._order.goal is not Goal.CONNECT or self._attempt is not None:
            return False
        return self._standing.line == (SessionStatus.QUEUED, ReasonCode.WAITING_FOR_ROOM) or (
            self.status is SessionStatus.RECONNECTING and self._standing.failures >= STUCK_AFTER
        )

    def adopt(self, wanted_seq: int) -> None:
        """Take note that the owner's newest request asks for what is being done already."""
        self._seq = max(self._seq, wanted_seq)

    def order(self, order: Order) -> None:
        """Give the session another goal; it breaks off what it is doing."""
        log.info("session_order", session=self.name, goal=order.goal)
        self._left_goal, self._order = self._order.goal, order
        self._take_note_of(order)
        if order.goal is Goal.CONNECT:
            self.adopt(order.seq)
            self._expects_qr = True
            self._cause = ReasonCode.REQUESTED
            self._restore = order.restore or self._restore
            self._was_at_rest = False
        self._changed.set()

    def _take_note_of(self, order: Order) -> None:
        self._lost = self._lost or order.goal is Goal.LOSE
        self._standing.leaving = order.goal is Goal.LEAVE
        self._standing.silent = self._standing.silent or order.goal in {Goal.LOSE, Goal.DELETE}

    async def force_stop(self) -> int:
        """Break off whatever is done and kill the browser until the session ends; returns the processes killed.

        Nothing is asked of the page, so it works with one that hangs, and with none.
        """
        if self._order.goal in {Goal.CONNECT, Goal.LOGOUT}:
            self.order(Order(Goal.STOP, self._seq))
        # What was killed is no clean state to be backed up.
        self._worked = False
        killed = 0
        while not self._ended.is_set():
            # Again: a browser that was just being launched shows up a moment later.
            killed += await self._house.profiles.kill_browser(self.name)
            with suppress(TimeoutError):
                await asyncio.wait_for(self._ended.wait(), KILL_AGAIN_AFTER.total_seconds())
        return killed

    async def note(self, entry: Entry) -> None:
        """Have something about this account stored, after everything before it, as late as the database allows."""
        await self._journal.add_bulk(entry)

    async def stored(self) -> None:
        """Return when all that was said so far is stored, as late as the database allows."""
        await self._journal.drained()

    async def run(self) -> None:
        """Live until the account is at rest and all is stored."""
        self._journal.start()
        try:
            await self._obey()
            self.ending = True
            self._ended.set()
            await self._journal.drained()
        finally:
            self.ending = True
            self._ended.set()
            await self._tasks.close()
            await self._journal.close()

    # ---- Goals ----------------------------------------------------------------------------------------------------

    async def _obey(self) -> None:
        goals = {
            Goal.CONNECT: self._connect,
            Goal.STOP: self._stop,
            Goal.LOGOUT: self._log_out,
            Goal.DELETE: self._delete,
            Goal.BACK_UP: self._back_up,
            Goal.LEAVE: self._leave,
            Goal.LOSE: self._leave,
        }
        while True:
            self._changed.clear()
            work = spawn(goals[self._order.goal](), name=f"{self._order.goal}-{self.name}", owner=self._tasks)
            change = spawn(self._changed.wait(), name=f"change-{self.name}", owner=self._tasks)
            await asyncio.wait({work, change}, return_when=asyncio.FIRST_COMPLETED)
            change.cancel()
            if work.done():
                if work.exception() is not None:
                    self._settle(SessionStatus.ERROR, ReasonCode.INTERNAL, repr(work.exception()))
                return
            await self._break_off(work)

    async def _break_off(self, work: asyncio.Task[None]) -> None:
        goal, attempt = self._order.goal, self._attempt
        if goal is Goal.LEAVE:
            self._say_leaving()
        elif attempt is not None:
            self._standing.set(SessionStatus.STOPPING, ReasonCode.REQUESTED)
        if attempt is not None:
            attempt.muted = True
            if goal in {Goal.LOGOUT, Goal.DELETE} and attempt.logged_in:
                self._login_ended = await log_out(attempt.driver, self.name)
            if goal is Goal.LOSE:
                # Its browser is being killed. What it had heard before is stored whoever holds the account now: each
                # message once, by its id, and WhatsApp will not deliver it to anybody again.
                await asyncio.wait({work}, timeout=LAST_WORDS.total_seconds())
        while not work.done():
            # Seldom a second time: a driver that is ending its browser must not be disturbed, but a cancellation can
            # get lost (`session_core.tasks.end` says where).
            work.cancel()
            await asyncio.wait({work}, timeout=CANCEL_AGAIN_AFTER.total_seconds())

    async def _connect(self) -> None:
        if self.status.settled or self.status in {SessionStatus.QUEUED, SessionStatus.STOPPING}:
            self._standing.set(SessionStatus.QUEUED, self._cause)
        else:
            self._standing.set(SessionStatus.RECONNECTING, self._cause)
        async with self._house.room.place(self._standing.queued(ReasonCode.WAITING_FOR_ROOM)) as seat:
            while (pause := await self._try_once(seat)) is not None:
                await pause.over()

    async def _stop(self) -> None:
        self._standing.set(SessionStatus.STOPPED, ReasonCode.REQUESTED)
        await self._back_up_closed()

    async def _leave(self) -> None:
        """Nothing is left to do but a backup: the browser is closed."""
        self._say_leaving()
        if self._order.why is ReasonCode.BUS_UNREACHABLE:
            # There is no time for it: whoever takes the account over must find it closed.
            return
        if self._order.hand_over and not self._lost:
            self.handed_over = await self._house.backups.closed(self, hand_over=True)
        else:
            await self._back_up_closed()

    async def _back_up_closed(self) -> None:
        if self._worked and not self._lost:
            await self._house.backups.closed(self)

    async def _back_up(self) -> None:
        await self._house.backups.asked_at_rest(self)

    async def _log_out(self) -> None:
        done = self._login_ended or await self._unlinked()
        detail = "" if done else "WhatsApp could not be reached; the phone may still list this device."
        try:
            # Nobody can open the old login any more, whatever the phone still lists.
            await self._house.profiles.remove(self.name)
        except (WhahookError, OSError) as error:
            log.warning("profile_not_removed", session=self.name, error=repr(error))
        self._standing.identity = (None, None)
        self._journal.add(partial(self._house.backups.forget, self))
        self._standing.set(
            SessionStatus.STOPPED, ReasonCode.LOGGED_OUT, detail, told_identity=True, logout_seq=self._order.seq
        )

    async def _delete(self) -> None:
        if not (self._login_ended or await self._unlinked()):
            log.warning("deleted_without_logout", session=self.name)
        await removal.remove(self._house, self)
        self._journal.add(partial(removal.purge, self._house, self, self.epoch))

    # ---- Connecting -----------------------------------------------------------------------------------------------

    async def _try_once(self, seat: Seat) -> Pause | None:
        """Run one browser to its end; the pause before the next one, None when another one would not do better."""
        attempt: Attempt | None = None
        try:
            await self._put_profile_in_place()
            attempt = self._attempt = self._new_attempt()
            await self._placing.opened_by(attempt, seat)
        except Exception as error:
            if not isinstance(error, WhahookError):
                log.exception("attempt_failed", session=self.name)
            return None if attempt is not None and attempt.muted else self._take_end(error)
        finally:
            # Said first and closed then: the page need not wait for a browser that takes its time to end.
            self._attempt = None
            self.ready_since = None
            if attempt is not None:
                # Also when something else is wanted meanwhile: the next browser needs the profile.
                ending = attempt.end(self.name, partial(self._house.profiles.kill_browser, self.name))
                await to_its_end(ending, name=f"end-{self.name}")
        raise AssertionError("an attempt ends with an error")

    async def _put_profile_in_place(self) -> None:
        """Restore the backup that was chosen, or the newest one of a login whose profile is gone."""
        if (chosen := self._restore) is not None:
            problem = await self._placing.chosen(chosen)
            self._restore = None
            self._journal.add(partial(self._placing.done, chosen))
            if problem is not None and self._was_at_rest:
                raise FatalError("The backup could not be restored.", code=ReasonCode.RESTORE_FAILED)
        if self._standing.identity[0] is not None:
            await self._placing.lost(person_there=self._expects_qr)
        await self._placing.will_be_opened(self.epoch)

    def _new_attempt(self) -> Attempt:
        driver = self._house.make_driver(self._account, self._heard_at)
        hearing = Hearing(say=self._standing.set, ready=self._on_ready, message=self._on_message)
        # A code on an account that was linked before is never silent: it says that the old login is gone.
        qr_reason = self._gone if self._standing.identity[0] else self._cause
        self._attempts += 1
        return Attempt(
            driver,
            hearing,
            cause=self._cause,
            qr_reason=qr_reason if self._expects_qr else None,
            gone=self._gone,
            number=self._attempts,
        )

    def _take_end(self, error: Exception) -> Pause | None:
        """Set the status that follows from the error; return the pause before the next browser, which begins now."""
        status, reason = policy.status_after(error), policy.reason_of(error)
        detail = error.message if isinstance(error, WhahookError) else type(error).__name__
        if status is not SessionStatus.RECONNECTING:
            self._settle(status, reason, detail)
            return None
        if reason is ReasonCode.RECYCLED:
            # Nothing went wrong: no pause, and nothing that counts.
            self._ready_for()
            self._cause = reason
            self._standing.set(status, reason, detail)
            return Pause(timedelta(0))
        if reason is ReasonCode.PROFILE_QUARANTINED:
            self._gone = reason
        self._setbacks.add(reason, self._ready_for())
        if self._setbacks.hopeless:
            self._settle(SessionStatus.ERROR, reason, detail)
            return None
        self._cause = reason
        self._standing.failures += 1
        pause = Pause(self._setbacks.pause(self._house.random))
        self._standing.set(status, reason, detail, next_retry_at=pause.until)
        return pause

    def _ready_for(self) -> timedelta | None:
        """Return how long the browser that just ended had been ready; None: it never was."""
        ready_at, self._ready_at = self._ready_at, None
        return None if ready_at is None else timedelta(seconds=asyncio.get_running_loop().time() - ready_at)

    def _on_ready(self, event: Ready, restored: bool) -> None:
        self._standing.identity = messages.identity(event, self._standing.identity)
        self._expects_qr = False
        self._placing.works()
        self._gone = ReasonCode.UNLINKED
        self._standing.failures = 0
        self._ready_at = asyncio.get_running_loop().time()
        if self.ready_since is None:
            self.ready_since, self.linked_anew, self._worked = utcnow(), not restored, True
            spawn(self._house.backups.works(self), name=f"works-{self.name}", owner=self._tasks)
        if self._attempt is not None:
            learning = directory.learn(self._house.core, self.user_id, self.account_id, self._attempt.driver)
            spawn(learning, name=f"learn-{self.name}", owner=self._tasks)
        reason = ReasonCode.RESTORED if restored else ReasonCode.NONE
        self._standing.set(SessionStatus.READY, reason, told_identity=True)

    async def _on_message(self, event: MessageEvent) -> None:
        if not isinstance(event, PresenceSeen | ReachOutChanged):
            self._last_message_at = asyncio.get_running_loop().time()
        await self.note(partial(changes.heard, self._house.core, self.user_id, self.account_id, event))
        if isinstance(event, MessageSeen) and not event.replayed:
            self._heard_at = max(self._heard_at, min(event.at, utcnow()) - messages.OVERLAP)

    async def _unlinked(self) -> bool:
        """Log out with a browser started only for that; True when the login is gone or there was none."""
        if self._standing.identity[0] is None or not await self._house.profiles.exists(self.name):
            return True
        try:
            driver = self._house.make_driver(self._account, None)
        except WhahookError as error:
            log.warning("unlink_impossible", session=self.name, error=error.message)
            return False
        async with self._house.starts:
            self._standing.set(SessionStatus.LAUNCHING, ReasonCode.REQUESTED)
            return await unlink(driver, self.name)

    # ---- Status ---------------------------------------------------------------------------------------------------

    def _settle(self, status: SessionStatus, reason_code: ReasonCode, detail: str) -> None:
        """Say that only a person can go on, and want nothing more until one asks."""
        self._standing.set(status, reason_code, detail, give_up_seq=self._seq)

    def _say_leaving(self) -> None:
        if not self._said_leaving:
            self._said_leaving = True
            self._standing.leave(connected=self._left_goal is Goal.CONNECT, why=self._order.why)

    def _fenced_off(self) -> None:
        if not self._lost:
            log.warning("status_fenced_off", session=self.name, epoch=self.epoch)
            self.order(Order(Goal.LOSE, 0))
