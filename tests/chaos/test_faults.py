"""Faults in a running installation, one after the other: what each one costs."""

from __future__ import annotations

import os
import signal

import psutil
import pytest

from tests.chaos.trial import renderer, suffering
from tests.servers.site import HostProcess, Line

pytestmark = pytest.mark.slow
short = pytest.mark.short


def kill(*processes: psutil.Process) -> None:
    for process in processes:
        os.kill(process.pid, signal.SIGKILL)


@short
async def test_renderer_killed(line: Line, host: HostProcess, database_kind: str) -> None:
    async with suffering(line, host, "renderer SIGKILL", database=database_kind):
        kill(renderer(host, line))
        await line.until("reconnecting", "page_crashed")


@short
async def test_chromium_killed(line: Line, host: HostProcess, database_kind: str) -> None:
    async with suffering(line, host, "Chromium SIGKILL", database=database_kind):
        kill(*host.browser(line.session_id))
        await line.until("reconnecting")


@short
async def test_host_killed(line: Line, host: HostProcess, database_kind: str) -> None:
    async with suffering(line, host, "host SIGKILL", database=database_kind):
        host.kill()
        await host.start()


@short
async def test_valkey_killed(line: Line, host: HostProcess, database_kind: str) -> None:
    async with suffering(line, host, "Valkey SIGKILL, started again with its data", database=database_kind) as trial:
        trial.site.valkey.kill()
        trial.site.valkey.start()
