"""Faults in a running installation, one after the other: what each one costs."""

from __future__ import annotations

import shutil
import signal
import socket
from contextlib import suppress
from datetime import timedelta
from functools import partial
from pathlib import Path

import pytest
from playwright.async_api import Error as PlaywrightError

from session_core.browser.find import find_chromium
from session_core.settings import Settings
from tests.chaos import crowd, harm
from tests.chaos.table import NOTES
from tests.chaos.trial import breaking, suffering
from tests.servers.postgres import PostgresServer
from tests.servers.processes import start
from tests.servers.relay import running_relay
from tests.servers.services import HostProcess
from tests.servers.site import Line
from tests.waiting import eventually

pytestmark = [pytest.mark.slow, pytest.mark.timeout(400)]
short = pytest.mark.short

LONG = timedelta(seconds=180)


@pytest.fixture
def fault(line: Line, host: HostProcess, database_kind: str) -> partial[object]:
    """Return `suffering` for the line of this module."""
    return partial(suffering, line, host, database=database_kind)


# ---- Processes that die ---------------------------------------------------------------------------------------------


@short
async def test_renderer_killed(line: Line, host: HostProcess, fault: partial) -> None:
    async with fault("renderer SIGKILL"), breaking(line, "page_crashed"):
        harm.kill(harm.renderer(host, line))


@short
async def test_chromium_killed(line: Line, host: HostProcess, fault: partial) -> None:
    async with fault("Chromium SIGKILL"), breaking(line):
        harm.kill(*host.browser(line.session_id))


async def test_playwright_killed(line: Line, host: HostProcess, fault: partial) -> None:
    async with fault("Playwright driver SIGKILL"), breaking(line):
        harm.kill(harm.playwright_driver(host))


@short
async def test_host_killed(line: Line, host: HostProcess, fault: partial) -> None:
    async with fault("host SIGKILL"):
        host.kill()
        await host.start()


async def test_valkey_killed(fault: partial) -> None:
    async with fault("Valkey SIGKILL, started again with its data") as trial:
        trial.site.valkey.kill()
        trial.site.valkey.start()


async def test_valkey_emptied(fault: partial) -> None:
    async with fault("Valkey SIGKILL, started again with its data gone", patience=LONG) as trial:
        trial.site.valkey.kill()
        for path in trial.site.valkey.directory.rglob("appendonlydir"):
            shutil.rmtree(path)
        trial.site.valkey.start()


async def test_database_killed(fault: partial, database_kind: str, request: pytest.FixtureRequest) -> None:
    if database_kind == "sqlite":
        pytest.skip("SQLite has no process")
    server: PostgresServer = request.getfixturevalue("postgres_server")
    async with fault("Postgres SIGKILL, back after 5 s"):
        server.kill()
        await harm.pause(timedelta(seconds=5))
        server.start()


async def test_database_locked(fault: partial, database_kind: str, folder: Path) -> None:
    if database_kind == "postgres":
        pytest.skip("Postgres has no lock on everything")
    async with fault("SQLite locked by another program for 20 s"):
        await harm.lock(folder / "whahook.db", timedelta(seconds=20))


# ---- Browsers and pages that live and do not work -------------------------------------------------------------------


async def test_chromium_stopped(line: Line, host: HostProcess, fault: partial) -> None:
    async with fault("Chromium SIGSTOP (deaf)", patience=LONG), breaking(line, timeout=LONG):
        harm.send(signal.SIGSTOP, *host.browser(line.session_id))


async def test_page_elsewhere(line: Line, host: HostProcess, fault: partial) -> None:
    async with fault("page navigated away"), breaking(line), harm.page_of(host, line) as page:
        # The host may have closed the browser before it could say that it went there.
        with suppress(PlaywrightError):
            await page.goto("data:text/html,elsewhere")


async def test_offline(line: Line, fault: partial) -> None:
    async with fault("WhatsApp not reachable for 60 s", patience=LONG):
        await line.phone.offline()
        await line.until("reconnecting", "offline")
        await harm.pause(timedelta(seconds=60))
        await line.phone.online()


# ---- What a person has to do something about ------------------------------------------------------------------------


async def test_conflict(line: Line, fault: partial) -> None:
    async with fault("opened elsewhere (conflict), then connected again", person=True):
        await line.phone.conflict()
        await line.until("action_required", "conflict")
        await line.connect()


@short
async def test_unlinked(line: Line, fault: partial) -> None:
    async with fault("unlinked by the phone, then linked again", qr=True, person=True):
        await line.phone.unlink()
        await line.until("action_required", "unlinked")
        await line.connect()
        await line.scan()


# ---- Disks and profiles ---------------------------------------------------------------------------------------------
# What harms a profile comes while its host is stopped: what a page had taken and the host had not stored yet would go
# with it, and nobody could bring it back.


async def test_disk_full(line: Line, host: HostProcess, fault: partial) -> None:
    await host.stop()
    with harm.small_disk(host.sessions, 300):
        await host.start()
        await line.until("ready")
        async with fault("disk full, then connected again with room", person=True):
            filler = harm.fill(host.sessions)
            harm.kill(*host.browser(line.session_id))
            await line.until("error", "disk_full")
            filler.unlink()
            await line.connect()
        await host.stop()
    await host.start()


async def test_login_overwritten(line: Line, host: HostProcess, fault: partial) -> None:
    await harm.backed_up(line)
    async with fault("login's database overwritten with zeros", restored=True, patience=LONG):
        await host.stop()
        assert harm.overwrite(harm.profile(host, line) / "Default" / "IndexedDB")
        await host.start()


async def test_profile_does_not_open(line: Line, host: HostProcess, fault: partial) -> None:
    await harm.backed_up(line)
    async with fault("profile on which no browser comes up", restored=True, patience=LONG):
        await host.stop()
        default = harm.profile(host, line) / "Default"
        shutil.rmtree(default)
        default.write_text("no folder")
        await host.start()


@pytest.mark.parametrize("whose", ["a dead process", "a browser of somebody else"])
async def test_profile_locked(line: Line, host: HostProcess, fault: partial, whose: str, tmp_path: Path) -> None:
    path = harm.profile(host, line)
    async with fault(f"profile locked by {whose}", patience=LONG):
        host.kill()
        await eventually(lambda: not host.browser(line.session_id))
        if whose == "a dead process":
            lock = path / "SingletonLock"
            lock.unlink(missing_ok=True)
            lock.symlink_to(f"{socket.gethostname()}-{4_000_000}")
        else:
            browser = start(
                [
                    str(find_chromium(Settings())),
                    "--no-sandbox",
                    "--remote-debugging-port=0",
                    f"--user-data-dir={path}",
                ],
                env={},
                log=tmp_path / "foreign.log",
            )
            await eventually(lambda: len(host.browser(line.session_id)) > 1)
        await host.start()
        await line.until("ready")
        if whose != "a dead process":
            browser.wait(30)


async def test_profile_locked_from_another_machine(line: Line, host: HostProcess, fault: partial) -> None:
    path = harm.profile(host, line)
    async with fault("profile locked by another machine, then freed and connected again", person=True):
        host.kill()
        await eventually(lambda: not host.browser(line.session_id))
        lock = path / "SingletonLock"
        lock.unlink(missing_ok=True)
        lock.symlink_to("another-machine-77")
        await host.start()
        await line.until("error", "profile_in_use")
        lock.unlink()
        await line.connect()


# ---- Wires and clocks -----------------------------------------------------------------------------------------------


async def test_host_cut_from_valkey(line: Line, host: HostProcess, fault: partial) -> None:
    await host.stop()
    async with running_relay(line.site.valkey.settings.valkey_socket) as relay:
        await host.start(REDIS_URL=f"redis://127.0.0.1:{relay.port}/0")
        await line.until("ready")
        async with fault("host cut from Valkey for longer than its lease", patience=LONG):
            relay.cut()
            await line.until("reconnecting", "bus_unreachable")
            await eventually(lambda: not host.browser(line.session_id), LONG)
            await harm.pause(timedelta(seconds=10))
            relay.mend()
        await host.stop()
    await host.start(REDIS_URL=line.site.valkey.url)


# ---- Several accounts -----------------------------------------------------------------------------------------------


@short
async def test_three_accounts_come_back(line: Line, host: HostProcess, database_kind: str) -> None:
    others = await crowd.linked(line.site, 2)
    starts = Settings().start_concurrency
    found = await crowd.come_back(host, [line, *others], min(starts, 2))
    NOTES.append(f"{database_kind}: {found}")
    assert found.seconds[-1] <= found.bound, str(found)
