"""``make run`` after the packages are there: check, migrate, build, start, and say where the page is."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from datetime import timedelta
from pathlib import Path

import httpx

from session_core.browser.find import find_chromium
from session_core.errors import FatalError
from session_core.launch.frontend import ensure_frontend, project_root
from session_core.launch.parent import adopt_orphans
from session_core.launch.preflight import check_ports, claim_data_folder
from session_core.launch.progress import run_step
from session_core.launch.services import service_environment, services
from session_core.launch.supervisor import Supervisor
from session_core.settings import Settings
from session_core.tasks import spawn

MIGRATION_TIMEOUT = timedelta(minutes=10)
ANSWER_TIMEOUT = timedelta(seconds=2)
ASK_EVERY = timedelta(milliseconds=200)
TELL_EVERY = timedelta(seconds=5)


def run_everything(settings: Settings) -> int:
    """Run all processes of these settings in the foreground. Returns the exit code.

    Raises:
        FatalError: something has to be changed first; nothing was started, or what was started has ended.
    """
    if Path.cwd().resolve() != project_root():
        raise FatalError(f"Start this in {project_root()}.", code="wrong_folder")
    adopt_orphans()
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, _stop_step)
    lock = claim_data_folder(settings.data_dir.absolute())
    try:
        prepare(settings)
        return asyncio.run(_run(settings))
    finally:
        os.close(lock)


def _stop_step(number: int, _frame: object) -> None:
    """End the preparing step that runs, by an error that unwinds it. The event loop has its own handlers later."""
    raise FatalError(f"Stopped by {signal.Signals(number).name}.", code="stopped")


def prepare(settings: Settings) -> None:
    """Do what has to be done before the processes start.

    Raises:
        FatalError: one line that says what to change.
    """
    check_ports(settings)
    find_chromium(settings)
    run_step(
        "Bringing the database up to date", [sys.executable, "-m", "session_core", "migrate"], timeout=MIGRATION_TIMEOUT
    )
    ensure_frontend()


async def _run(settings: Settings) -> int:
    supervisor = Supervisor(
        services(settings), service_environment(readable=sys.stdout.isatty()), redis_url=settings.redis_url
    )
    announcing = spawn(_announce(settings, supervisor), name="announce")
    try:
        return await supervisor.run()
    finally:
        announcing.cancel()


async def _announce(settings: Settings, supervisor: Supervisor) -> None:
    """Say the address as soon as the page answers, and until then now and then that we are waiting for it."""
    loop = asyncio.get_running_loop()
    started = told = loop.time()
    async with httpx.AsyncClient(timeout=ANSWER_TIMEOUT.total_seconds(), trust_env=False) as client:
        while not await _answers(client, health_address(settings)):
            await asyncio.sleep(ASK_EVERY.total_seconds())
            if loop.time() - told >= TELL_EVERY.total_seconds():
                told = loop.time()
                supervisor.say(f"waiting for the page to answer ({told - started:.0f} s)")
    supervisor.mark_ready()
    supervisor.say(" ")
    supervisor.say(f"WhaHook is ready: {settings.public_url}")
    if settings.sandbox_enabled:
        supervisor.say(f"Phones of the sandbox: {settings.sandbox_url}phone")
    supervisor.say("Ctrl-C stops everything.")
    supervisor.say(" ")


def health_address(settings: Settings) -> str:
    """Return where this machine can ask the web process whether it is well."""
    host = {"0.0.0.0": "127.0.0.1", "::": "[::1]"}.get(settings.host, settings.host)  # noqa: S104 - what it listens on
    return f"http://{f'[{host}]' if ':' in host and '[' not in host else host}:{settings.port}/healthz"


async def _answers(client: httpx.AsyncClient, address: str) -> bool:
    try:
        return (await client.get(address)).status_code == httpx.codes.OK
    except httpx.HTTPError:
        return False
