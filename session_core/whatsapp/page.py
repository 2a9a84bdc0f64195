"""WhatsApp Web in a real browser: the driver that the product uses."""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import structlog
from playwright.async_api import Error as PlaywrightError
from playwright.async_api import Frame, Page

from session_core.browser.chromium import Browsers, OpenBrowser
from session_core.clock import Clock, SteadyClock, SystemClock
from session_core.domain.health import Cure, Health
from session_core.errors import TransientError, WhahookError
from session_core.settings import Settings
from session_core.tasks import TaskOwner, spawn
from session_core.whatsapp.asking import Asking
from session_core.whatsapp.calls import call, close_popup, leave, not_now, reachable
from session_core.whatsapp.care import Care
from session_core.whatsapp.driver import (
    Conflicted,
    DriverEvent,
    LoggedOut,
    Loss,
    Lost,
    MessageEvent,
    MessageSeen,
    Offline,
    Ready,
    SendNotTried,
)
from session_core.whatsapp.messaging import Messaging
from session_core.whatsapp.scripts import BINDING, init_scripts
from session_core.whatsapp.snapshot import Phase
from session_core.whatsapp.sweeping import Sweeper
from session_core.whatsapp.tracker import Patience, Tracker
from session_core.whatsapp.vitals import Watch

log = structlog.get_logger(__name__)

_NAVIGATION = timedelta(seconds=30)
_PAIRING = timedelta(seconds=30)
_FIND = timedelta(seconds=15)
_LOGOUT = timedelta(seconds=30)
_REFRESH = timedelta(seconds=10)
TAKE_OVERS = 3
TAKE_OVER_SPAN = timedelta(minutes=10)
"""So often in this time an account is taken back: two windows that do it without end only disturb each other."""

_BLAME_DELAY = timedelta(milliseconds=300)


class PageDriver(Asking, Messaging):
    """Implements `session_core.whatsapp.driver.Driver` with wa-js in a page of a Chromium of its own."""

    def __init__(
        self,
        browsers: Browsers,
        *,
        profile: Path,
        url: str,
        settings: Settings,
        since: datetime | None,
        clock: Clock | None = None,
        patience: Patience | None = None,
    ) -> None:
        """Prepare; nothing runs before `start`.

        Args:
            browsers: opens the Chromium; shared by all drivers of the process.
            profile: the account's folder; made if there is none.
            url: address of the WhatsApp Web to open.
            settings: how to launch, how long a send may take.
            since: last known activity of the account; the first sweep reports messages from then on. None: from now on.
            clock: tells the time.
            patience: the deadlines.
        """
        self._browsers = browsers
        self._profile = profile
        self._url = url
        self._send_timeout = settings.send_timeout
        self._patience = patience or Patience()
        self._clock = clock or SystemClock()
        self._steady = clock or SteadyClock()
        self._tracker = Tracker(self._clock, url, since, self._patience, self._steady)
        self._vitals = Watch(self._steady)
        self._care = Care(
            self._clock, self._steady, self._vitals, self._patience, available=settings.presence == "available"
        )
        self._sweeper = Sweeper(self._tracker, self._vitals, self._clock, self._patience, profile.name)
        self._browser: OpenBrowser | None = None
        self._events: asyncio.Queue[DriverEvent | None] = asyncio.Queue()
        self._tasks = TaskOwner()
        self._ended = False
        self._closing = False
        self._reloaded = False
        self._takes_over = settings.on_conflict == "take_over"
        self._taken_over: list[datetime] = []
        self._logged_out = asyncio.Event()
        self._wake = asyncio.Event()
        self._log = log.bind(profile=profile.name)

    async def start(self) -> None:
        """See `Driver.start`. FatalError codes besides those of `Browsers.open`: ``packages_missing``."""
        scripts = await asyncio.to_thread(init_scripts)
        self._browser = await self._browsers.open(self._profile)
        try:
            await self._prepare(self._browser, scripts)
            await self._go(self._browser.page)
        except BaseException as error:
            await self.close()
            if isinstance(error, Exception) and not isinstance(error, WhahookError):
                raise TransientError(f"WhatsApp Web did not load: {_short(error)}", code="page_unreachable") from error
            raise
        self._tracker.restart_deadline()
        # Two loops: a look at the page must not wait for a sweep of it that hangs.
        for name, one_round in (("watch", self._look), ("tend", self._tend)):
            spawn(self._again_and_again(one_round), name=f"{name}-{self._profile.name}", owner=self._tasks)

    async def events(self) -> AsyncIterator[DriverEvent]:
        """See `Driver.events`."""
        while (event := await self._events.get()) is not None:
            yield event

    async def refresh_qr(self) -> None:
        """See `Driver.refresh_qr`."""
        page = self._page()
        if self._tracker.phase not in {Phase.QR, Phase.IDLE}:
            raise not_now()
        self._tracker.new_qr_series()
        try:
            await call(page, "refresh", _REFRESH)
        except TransientError:
            await self._reload(page)

    async def pairing_code(self, phone: str) -> str:
        """See `Driver.pairing_code`."""
        page = self._page()
        if self._tracker.phase not in {Phase.QR, Phase.IDLE}:
            raise not_now()
        code = str(await call(page, "pair", _PAIRING, phone=phone))
        self._tracker.pairing()
        return "".join(filter(str.isalnum, code)).upper()

    async def _tell(self, name: str, **args: object) -> Any:
        page = self._page()
        if self._tracker.phase is not Phase.READY:
            raise not_now()
        try:
            return await call(page, name, _FIND, **args)
        except SendNotTried:
            raise not_now() from None

    async def logout(self) -> None:
        """See `Driver.logout`. Returns when the page is logged out."""
        page = self._page()
        if self._tracker.phase not in {Phase.READY, Phase.SYNCING}:
            raise not_now()
        self._tracker.logging_out = True
        self._logged_out.clear()
        try:
            # The reload that follows may come before the answer.
            with contextlib.suppress(TransientError):
                await call(page, "logout", _REFRESH)
            await asyncio.wait_for(self._logged_out.wait(), _LOGOUT.total_seconds())
        except TimeoutError:
            raise TransientError("WhatsApp Web did not log out.", code="page_timeout") from None
        finally:
            self._tracker.logging_out = False

    def health(self) -> Health | None:
        """See `Driver.health`."""
        judged = self._tracker.phase in {Phase.READY, Phase.OFFLINE} and not self._ended
        return self._vitals.health() if judged else None

    async def close(self) -> None:
        """See `Driver.close`."""
        first, self._closing = not (self._closing or self._ended), True
        try:
            await self._tasks.close()
            if first and self._browser is not None:
                await leave(self._browser.page)
        finally:
            if self._browser is not None:
                await self._browser.close()
            self._end()

    # ---- The page -------------------------------------------------------------------------------------------------

    async def _prepare(self, browser: OpenBrowser, scripts: tuple[str, ...]) -> None:
        page, context = browser.page, browser.context
        page.on("crash", lambda _: self._lose(Loss.PAGE, "the page's process crashed"))
        page.on("close", self._on_page_closed)
        page.on("framenavigated", self._on_navigated)
        page.on("websocket", lambda socket: socket.on("framereceived", lambda _: self._vitals.traffic()))
        context.on("close", lambda _: self._lose(Loss.BROWSER, "the browser ended"))
        context.on("page", self._on_popup)
        await asyncio.wait_for(page.expose_binding(BINDING, self._on_push), _REFRESH.total_seconds())
        # All at once: Playwright takes them in the order in which they are sent. One by one costs a round trip each.
        adding = asyncio.gather(*(context.add_init_script(script=script) for script in scripts))
        await asyncio.wait_for(adding, _REFRESH.total_seconds())

    async def _go(self, page: Page) -> None:
        response = await page.goto(self._url, wait_until="commit", timeout=_NAVIGATION.total_seconds() * 1000)
        if response is not None and response.status >= 400:
            raise TransientError(f"WhatsApp Web answered {response.status}.", code="page_unreachable")

    async def _reload(self, page: Page) -> None:
        """Load the page again: never by reload, because the address may still say ``post_logout``."""
        self._tracker.restart_deadline()
        try:
            await self._go(page)
        except Exception as error:
            self._lose(Loss.NAVIGATION, _short(error))

    @property
    def _phase(self) -> Phase:
        return self._tracker.phase

    def _open_page(self) -> Page | None:
        return None if self._ended or self._browser is None else self._browser.page

    def _page(self) -> Page:
        if self._ended or self._closing or self._browser is None:
            raise TransientError("The page is gone.", code="page_lost")
        return self._browser.page

    # ---- What happens ---------------------------------------------------------------------------------------------

    def _on_push(self, source: dict[str, Any], text: object) -> None:
        page, frame = source["page"], source["frame"]
        if frame == page.main_frame:
            self._feed(text)

    def _on_navigated(self, frame: Frame) -> None:
        if self._browser is None or frame == self._browser.page.main_frame:
            self._emit(self._tracker.navigated(frame.url))

    def _on_page_closed(self, _page: Page) -> None:
        """Blame the page only when the browser lives on: a dying browser closes its page a moment earlier."""
        seconds = _BLAME_DELAY.total_seconds()
        asyncio.get_running_loop().call_later(seconds, self._lose, Loss.PAGE, "the page was closed")

    def _on_popup(self, page: Page) -> None:
        spawn(close_popup(page), name="close-popup", owner=self._tasks)

    def _feed(self, text: object) -> bool:
        """Take what the page tells; False when it is not in the agreed form."""
        try:
            doc = self._tracker.doc
            events = self._tracker.feed(_news(text))
            if self._tracker.doc != doc:
                self._vitals.begin_anew()
            if self._tracker.snapshot is not None:
                self._vitals.see(self._tracker.snapshot)
            for event in events:
                if isinstance(event, MessageSeen):
                    self._vitals.told(event.wa_message_id)
            self._emit(events)
        except (ValueError, KeyError, TypeError) as error:
            # Never the text itself: it may be a message or a code.
            self._log.warning("page_not_understood", error=type(error).__name__)
            return False
        return True

    def _emit(self, events: list[DriverEvent]) -> None:
        for event in events:
            if self._ended or (self._closing and not isinstance(event, MessageEvent)):
                continue
            if isinstance(event, Conflicted) and self._may_take_over():
                self._log.warning("conflict", effect="the account is taken over")
                self._events.put_nowait(Offline("in use elsewhere; it is being taken over"))
                spawn(self._take_over(), name=f"take-over-{self._profile.name}", owner=self._tasks)
                continue
            self._events.put_nowait(event)
            if isinstance(event, LoggedOut):
                self._logged_out.set()
            if isinstance(event, Ready):
                self._reloaded = False
                self._wake.set()
            if isinstance(event, Lost):
                self._end()

    def _may_take_over(self) -> bool:
        now = self._steady.now()
        self._taken_over = [at for at in self._taken_over if now - at < TAKE_OVER_SPAN]
        may = self._takes_over and len(self._taken_over) < TAKE_OVERS
        self._taken_over += [now] if may else []
        return may

    async def _take_over(self) -> None:
        try:
            await call(self._page(), "takeOver", _REFRESH)
        except TransientError as error:
            self._log.warning("take_over_failed", error=error.message)
            self._give_in()

    def _give_in(self) -> None:
        """Leave the account to who has it."""
        if not self._ended:
            self._events.put_nowait(Conflicted())

    def _lose(self, loss: Loss, detail: str) -> None:
        if not self._closing:
            self._emit([Lost(loss, detail)])

    def _end(self) -> None:
        if not self._ended:
            self._ended = True
            self._events.put_nowait(None)

    # ---- Watching -------------------------------------------------------------------------------------------------

    async def _again_and_again(self, one_round: Callable[[], Awaitable[None]]) -> None:
        while not self._ended:
            try:
                await one_round()
            except Exception:
                # Whatever it was, a session that nobody watches any more would be worse.
                self._log.exception("round_failed", round=one_round.__name__)
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._wake.wait(), self._patience.poll.total_seconds())
            self._wake.clear()

    async def _look(self) -> None:
        """Ask the page how it is: events can be missed, and a page that hangs sends none."""
        await self._ask(self._page())
        if not self._ended and (late := self._tracker.overdue()):
            await self._late(late)
        if not self._ended and (self._is_ready() or not self._vitals.answers):
            await self._heal()

    async def _tend(self) -> None:
        """Keep a page that is ready awake, and look for messages that it did not tell."""
        if self._is_ready() and self._vitals.answers and await self._care.round(self._page()):
            self._emit([*await self._sweeper.untold(self._page(), self._care.look_since)])
        if self._is_ready() and self._tracker.sweep_due:
            self._emit([*await self._sweeper.missed(self._page())])

    def _is_ready(self) -> bool:
        return not self._ended and self._tracker.phase is Phase.READY

    async def _heal(self) -> None:
        """Do what a page needs that looks connected and is deaf: gently first, and at last with another browser."""
        cure = self._vitals.cure()
        if cure is None:
            return
        signs = ", ".join(self._vitals.health().signs)
        self._log.warning("page_deaf", signs=signs, cure=cure)
        if cure is Cure.SWEEP:
            self._tracker.sweep_due = True
        elif cure is Cure.RELOAD:
            self._vitals.begin_anew()
            await self._reload(self._page())
        else:
            self._lose(Loss.DEAF, f"the page looked connected and was deaf ({signs})")

    async def _ask(self, page: Page) -> None:
        asked_at = self._steady.now()
        try:
            answer = await asyncio.wait_for(
                page.evaluate("window.__whahook ? window.__whahook.snapshot() : null"),
                self._patience.answer.total_seconds(),
            )
        except TimeoutError:
            self._vitals.silent()
            return
        except PlaywrightError as error:
            # A page that is just being replaced cannot answer; a browser that is gone never will again.
            if page.is_closed() or "closed" in error.message.lower():
                self._lose(Loss.BROWSER, _short(error))
            else:
                self._told_nothing()
            return
        except Exception as error:
            # So Playwright ends what is under way when its own process dies.
            self._lose(Loss.BROWSER, _short(error))
            return
        # Without the bridge there is no answer.
        if answer is not None and self._feed(answer):
            self._vitals.answered(self._steady.now() - asked_at)
        else:
            self._told_nothing()

    def _told_nothing(self) -> None:
        """Count an answer that says nothing of the page: several in a row show that the bridge is broken.

        One alone comes of a navigation. While the page loads, its deadline judges.
        """
        if self._tracker.phase is not Phase.LOADING:
            self._vitals.silent()

    async def _late(self, late: str) -> None:
        if late == "load":
            self._lose(Loss.LOAD_TIMEOUT, "neither a code nor a login appeared")
        elif late == "conflict":
            self._tracker.restart_deadline()
            self._give_in()
        elif late == "offline":
            await self._late_to_come_back()
        elif self._reloaded:
            self._lose(Loss.LINK_TIMEOUT, "the login did not finish, not even after a reload")
        else:
            self._reloaded = True
            self._log.info("login_slow", effect="the page is loaded again")
            await self._reload(self._page())

    async def _late_to_come_back(self) -> None:
        """Load a page anew that stays offline, but only when WhatsApp can be reached: an open page costs nothing."""
        self._tracker.restart_deadline()
        page = self._page()
        if not await reachable(page):
            self._log.info("still_offline")
            return
        self._log.info("offline_for_long", effect="the page is loaded again")
        await self._reload(page)


def _news(text: object) -> dict[str, Any]:
    news = json.loads(str(text))
    if not isinstance(news, dict):
        raise TypeError("what the page tells has no parts")
    return news


def _short(error: BaseException) -> str:
    text = next(iter(str(error).splitlines()), "") or type(error).__name__
    return text[:200]
