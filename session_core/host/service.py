"""The host process from start to end."""

from __future__ import annotations

import asyncio
import signal
import socket
from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime, timedelta

import structlog

from session_core.backups.vault import Vault
from session_core.browser.chromium import Browsers
from session_core.browser.isolation import Isolation, chromium_sandbox_enabled
from session_core.core import Core, open_core
from session_core.domain.ids import session_id
from session_core.domain.status import AccountKind
from session_core.errors import FatalError, TransientError
from session_core.host.backup_keeper import BackupKeeper
from session_core.host.backup_tools import BackupRhythm, Tools
from session_core.host.guard import Guard, WatchdogGuard
from session_core.host.house import House
from session_core.host.identity import only_host
from session_core.host.manager import About, Rhythm, SessionManager
from session_core.host.profiles import LocalProfiles
from session_core.host.reaping import reap
from session_core.host.room import Room
from session_core.settings import Settings
from session_core.store.engine import LOCK_WAIT
from session_core.store.models import Account
from session_core.tasks import TaskOwner, spawn
from session_core.whatsapp.driver import Driver
from session_core.whatsapp.page import PageDriver

log = structlog.get_logger(__name__)

ExtraTask = Callable[[Core], Awaitable[None]]
"""Something else that lives in this process, for ever; started anew when it fails."""

RESTART_PAUSE = timedelta(seconds=1)


async def run_host(settings: Settings, *, extra_tasks: Sequence[ExtraTask] = ()) -> None:
    """Run the accounts until the process is told to end (SIGTERM, SIGINT), then close every browser.

    Args:
        settings: the settings.
        extra_tasks: what else runs here, each called with this process's core.

    Raises:
        FatalError: ``host_running``, another host works on the same data folder.
    """
    with only_host(settings.data_dir.absolute()) as host_id:
        stop = _stop_on_signals()
        async with open_core(settings, lock_wait=LOCK_WAIT) as core:
            browsers = Browsers(settings)
            others = TaskOwner()
            guard = WatchdogGuard(settings.whatsapp_sessions_dir)
            profiles = LocalProfiles(settings.whatsapp_sessions_dir)
            manager = await _manager(core, browsers, host_id, guard, profiles)
            try:
                await guard.start()
                await manager.start()
                spawn(reap(core, profiles), name="reaping", owner=others)
                for extra in extra_tasks:
                    spawn(_for_ever(extra, core), name="extra", owner=others)
                log.info("host_started", host_id=host_id)
                await stop.wait()
                log.info("host_stopping", host_id=host_id)
            finally:
                await others.close()
                await manager.stop()
                await browsers.stop()
                await guard.stop()
        log.info("host_stopped", host_id=host_id)


def url_of(kind: AccountKind, settings: Settings) -> str:
    """Return the address of the WhatsApp Web that an account of this kind opens.

    Raises:
        FatalError: ``sandbox_off``.
    """
    if kind is AccountKind.LIVE:
        return settings.whatsapp_url
    if not settings.sandbox_enabled:
        raise FatalError(
            "The sandbox is switched off on this server.", code="sandbox_off", action="Set WHAHOOK_SANDBOX=on."
        )
    return settings.sandbox_url


async def _manager(
    core: Core, browsers: Browsers, host_id: str, guard: Guard, profiles: LocalProfiles
) -> SessionManager:
    settings = core.settings
    await profiles.end_leftovers()
    isolation = await asyncio.to_thread(chromium_sandbox_enabled, settings)
    try:
        await browsers.start()
    except TransientError as error:
        # Tried again with the first browser.
        log.warning("playwright_not_started", error=error.message)

    def make_driver(account: Account, since: datetime | None) -> Driver:
        return PageDriver(
            browsers,
            profile=profiles.path(session_id(account.user_id, account.id)),
            url=url_of(account.kind, settings),
            settings=settings,
            since=since,
        )

    tools = Tools(
        core=core,
        host_id=host_id,
        vault=Vault(settings),
        folder=settings.whatsapp_sessions_dir,
        chromium=lambda: browsers.version,
        rhythm=BackupRhythm(every=settings.backup_every),
    )
    house = House(
        core=core,
        host_id=host_id,
        make_driver=make_driver,
        profiles=profiles,
        backups=BackupKeeper(tools),
        room=Room(settings.max_sessions),
        starts=asyncio.Semaphore(settings.start_concurrency),
        guard=guard,
    )
    about = About(settings.host_name or socket.gethostname(), isolation.enabled, _warnings(isolation))
    return SessionManager(house, about, Rhythm.of(settings.lease))


def _warnings(isolation: Isolation) -> list[str]:
    if isolation.enabled:
        return []
    log.warning("chromium_sandbox_off", reason=isolation.reason)
    return [f"Chromium runs without its sandbox: {isolation.reason}."]


def _stop_on_signals() -> asyncio.Event:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for name in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(name, stop.set)
    return stop


async def _for_ever(task: ExtraTask, core: Core) -> None:
    while True:
        try:
            await task(core)
        except Exception:
            log.exception("extra_task_failed")
        await asyncio.sleep(RESTART_PAUSE.total_seconds())
