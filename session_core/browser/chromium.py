"""Launching Chromium: one Playwright for the whole process, one Chromium for each account."""

from __future__ import annotations

import asyncio
import os
import sys
import tempfile
from datetime import timedelta
from pathlib import Path

import psutil
import structlog
from playwright.async_api import BrowserContext, Page, Playwright, async_playwright
from playwright.async_api import Error as PlaywrightError

from session_core.browser import processes
from session_core.browser.find import find_chromium, is_headless_shell
from session_core.browser.flags import Features, features_in_log, launch_args, user_agent, version_in
from session_core.browser.isolation import chromium_sandbox_enabled
from session_core.browser.profile import TRIAL, Profile
from session_core.clock import utcnow
from session_core.errors import FatalError, TransientError, WhahookError
from session_core.settings import Settings
from session_core.tasks import spawn

log = structlog.get_logger(__name__)

LAUNCH_TIMEOUT = timedelta(seconds=45)
"""A launch takes 0.3 to 1.3 s (measured); a machine that starts many at once needs more."""

CLOSE_PATIENCE = timedelta(seconds=10)
"""How long Chromium may take to write its databases before it is told to end."""

MAX_FAILED_OPENS = 3
"""Launches in a row that fail, before it is asked whether the profile is the reason."""

_DRIVER_TIMEOUT = timedelta(seconds=20)
_PING_TIMEOUT = timedelta(seconds=5)
_VERSION_TIMEOUT = timedelta(seconds=10)


class OpenBrowser:
    """A running Chromium on one profile, with its one page."""

    def __init__(self, context: BrowserContext, page: Page, profile: Profile) -> None:
        self.context = context
        self.page = page
        self._profile = profile
        self._closing: asyncio.Task[None] | None = None

    async def close(self) -> None:
        """Close cleanly, see that every process is gone, then prune caches and free the profile.

        Never raises and may be called again. Goes on to its end even when the caller is cancelled: a browser that is
        half closed would keep the profile from everybody.
        """
        if self._closing is None:
            self._closing = spawn(self._close(), name=f"close-{self._profile.path.name}")
        await asyncio.shield(self._closing)

    async def _close(self) -> None:
        seen = await asyncio.to_thread(processes.of_profile, self._profile.path)
        try:
            await asyncio.wait_for(self.context.close(), CLOSE_PATIENCE.total_seconds())
        except Exception as error:
            # Playwright raises anything when its own process died; the processes are looked after all the same.
            log.warning("browser_close_failed", profile=self._profile.path.name, error=_first_line(error))
        await _clear(self._profile, seen)


async def _clear(profile: Profile, seen: list[psutil.Process] | None = None) -> None:
    """End what is left on ``profile`` (``seen`` may hold children that lost their parent), and let go of it."""
    left = await asyncio.to_thread(processes.end, seen or [], CLOSE_PATIENCE)
    left += await asyncio.to_thread(lambda: processes.end(processes.of_profile(profile.path)))
    if left:
        log.error("browser_does_not_end", profile=profile.path.name, processes=left)
    else:
        await asyncio.to_thread(profile.prune)
    profile.release()


class Browsers:
    """Opens browsers. Owned by the host: `start` once, `stop` at the end; Playwright is started anew when it died."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._playwright: Playwright | None = None
        self._features = Features()
        self._versions: dict[tuple[Path, float], str] = {}
        self._starting = asyncio.Lock()

    @property
    def version(self) -> str:
        """Version of the Chromium that was last launched, e.g. ``"156.0.8078.79"``; empty before the first one."""
        return next(reversed(self._versions.values()), "")

    async def start(self) -> None:
        """Start Playwright's driver process.

        Raises:
            TransientError: ``browser_crashed``, it does not start.
        """
        async with self._starting:
            await self._start()

    async def stop(self) -> None:
        """End Playwright's driver process. Browsers that are still open end with it."""
        async with self._starting:
            await self._stop()

    async def open(self, profile_path: Path) -> OpenBrowser:
        """Open a browser on a profile folder, which is made if there is none.

        Raises:
            TransientError: ``browser_crashed``, it did not come up this time.
            FatalError: it cannot come up on this machine: ``no_chromium``, ``profile_in_use``, ``disk_full``.
        """
        # A launch cannot be taken back half-way: when the caller is cancelled, it is awaited and its browser closed.
        job = spawn(self._try_open(profile_path), name=f"launch-{profile_path.name}")
        try:
            result = await asyncio.shield(job)
        except asyncio.CancelledError:
            await asyncio.wait([job], timeout=LAUNCH_TIMEOUT.total_seconds())
            if job.done() and isinstance(opened := job.result(), OpenBrowser):
                await opened.close()
            raise
        if isinstance(result, OpenBrowser):
            return result
        raise result

    async def _try_open(self, profile_path: Path) -> OpenBrowser | Exception:
        """Open a browser, or return why not (returned, because nobody may be there any more to catch it)."""
        profile = Profile(profile_path)
        try:
            executable = await asyncio.to_thread(find_chromium, self._settings)
            playwright = await self._alive()
            await asyncio.to_thread(profile.acquire)
        except Exception as error:
            return error
        try:
            await asyncio.to_thread(profile.check_room)
            browser = await self._launch(playwright, executable, profile)
            await asyncio.to_thread(profile.opened)
            return browser
        except WhahookError as error:
            await _clear(profile)
            return error
        except Exception as error:
            failure = await self._failure(playwright, executable, profile, error)
            await _clear(profile)
            return failure

    async def _failure(
        self, playwright: Playwright, executable: Path, profile: Profile, error: Exception
    ) -> WhahookError:
        """Turn an error of a launch into ours; a profile that is at fault, time after time, is put aside."""
        try:
            times = await asyncio.to_thread(profile.failed_to_open)
            if times >= MAX_FAILED_OPENS and await self._opens_elsewhere(playwright, executable, profile):
                await asyncio.to_thread(lambda: processes.end(processes.of_profile(profile.path)))
                await asyncio.to_thread(profile.quarantine, utcnow())
                return TransientError(
                    f"No browser came up on the profile {times} times: it was put aside.", code="profile_quarantined"
                )
        except WhahookError as problem:
            return problem
        failure = TransientError(f"The browser did not start: {_first_line(error)}", code="browser_crashed")
        failure.__cause__ = error
        return failure

    async def _opens_elsewhere(self, playwright: Playwright, executable: Path, profile: Profile) -> bool:
        """Try an empty profile beside it: only when that opens is the profile at fault, and not the machine."""
        with tempfile.TemporaryDirectory(dir=profile.path.parent, prefix=TRIAL, ignore_cleanup_errors=True) as name:
            trial = Profile(Path(name))
            try:
                await asyncio.to_thread(trial.acquire)
                browser = await self._launch(playwright, executable, trial)
            except Exception as error:
                log.warning("trial_profile_does_not_open_either", error=_first_line(error))
                await _clear(trial)
                return False
            await browser.close()
        return True

    async def _launch(self, playwright: Playwright, executable: Path, profile: Profile) -> OpenBrowser:
        settings = self._settings
        isolation = await asyncio.to_thread(chromium_sandbox_enabled, settings)
        if isolation.enabled and os.geteuid() == 0:
            raise FatalError(
                "WHAHOOK_CHROMIUM_SANDBOX is on, but Chromium refuses to run as root with its sandbox.",
                code="bad_setting",
                action="Run the host as an ordinary user.",
            )
        shell = is_headless_shell(executable)
        version = await self._version(executable)
        await asyncio.to_thread(profile.prepare, version)
        context = await playwright.chromium.launch_persistent_context(
            profile.path,
            executable_path=executable,
            headless=True,
            chromium_sandbox=isolation.enabled,
            viewport={"width": 800, "height": 600},
            user_agent=settings.user_agent or user_agent(version),
            accept_downloads=False,
            args=launch_args(self._features, shell=shell, extra=settings.chromium_args),
            # Signals are the host's business: it closes every session in order.
            handle_sigint=False,
            handle_sigterm=False,
            handle_sighup=False,
            timeout=LAUNCH_TIMEOUT.total_seconds() * 1000,
        )
        pages = context.pages
        page = pages[0] if pages else await asyncio.wait_for(context.new_page(), _PING_TIMEOUT.total_seconds())
        return OpenBrowser(context, page, profile)

    async def _version(self, executable: Path) -> str:
        """Ask the binary for its version; again only when an update replaced the file."""
        binary = (executable, await asyncio.to_thread(os.path.getmtime, executable))
        if binary not in self._versions:
            self._versions[binary] = await _ask_version(executable)
        return self._versions[binary]

    async def _alive(self) -> Playwright:
        """Return a Playwright whose driver process answers, starting another one when it died."""
        async with self._starting:
            if self._playwright is not None and not await _answers(self._playwright):
                log.warning("playwright_died")
                await self._stop()
            if self._playwright is None:
                await self._start()
            if self._playwright is None:
                raise TransientError("Playwright is not running.", code="browser_crashed")
            return self._playwright

    async def _start(self) -> None:
        if self._playwright is not None:
            return
        try:
            started = await asyncio.wait_for(async_playwright().start(), _DRIVER_TIMEOUT.total_seconds())
            self._features = await _playwright_features(started)
        except (TimeoutError, PlaywrightError, OSError) as error:
            raise TransientError(f"Playwright did not start: {error}", code="browser_crashed") from error
        self._playwright = started

    async def _stop(self) -> None:
        playwright, self._playwright = self._playwright, None
        if playwright is None:
            return
        try:
            await asyncio.wait_for(playwright.stop(), _DRIVER_TIMEOUT.total_seconds())
        except Exception as error:
            # A driver that died cannot say goodbye; whatever it raises, it is gone.
            log.warning("playwright_stop_failed", error=repr(error))


async def _ask_version(executable: Path) -> str:
    process = await asyncio.create_subprocess_exec(
        executable, "--version", stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.DEVNULL
    )
    try:
        output, _ = await asyncio.wait_for(process.communicate(), _VERSION_TIMEOUT.total_seconds())
    except TimeoutError:
        process.kill()
        raise
    version = version_in(output.decode(errors="replace"))
    if version is None:
        raise FatalError(f"{executable} does not tell its version.", code="no_chromium")
    return version


async def _answers(playwright: Playwright) -> bool:
    """Make one cheap round trip to Playwright's driver process."""
    try:
        probe = await asyncio.wait_for(playwright.request.new_context(), _PING_TIMEOUT.total_seconds())
        await asyncio.wait_for(probe.dispose(), _PING_TIMEOUT.total_seconds())
    except Exception:
        return False
    return True


async def _playwright_features(playwright: Playwright) -> Features:
    """Learn which features Playwright switches, from the launch that it logs for a program that is no browser.

    They are read and not copied, because they change with every version of Playwright.
    """
    try:
        await playwright.chromium.launch(executable_path=sys.executable, timeout=_DRIVER_TIMEOUT.total_seconds() * 1000)
    except PlaywrightError as error:
        features = features_in_log(str(error))
        if features != Features():
            return features
    log.warning("playwright_features_unknown", effect="some of Playwright's feature switches are replaced by ours")
    return Features()


def _first_line(error: BaseException) -> str:
    return next(iter(str(error).splitlines()), "") or type(error).__name__
