"""``python -m session_core run``: everything on one machine, kept running until Ctrl-C, and nothing left afterwards.

Honcho prints the lines; its manager is not used, for it ends everything when one process ends. Here a process that dies
comes back by itself, so the death of the host alone leaves the pages, the queues and the data where they are.
"""

from __future__ import annotations

import asyncio
import datetime
import signal
import sys
from collections.abc import Mapping
from contextlib import suppress
from datetime import timedelta
from typing import Any

import psutil
from honcho.colour import get_colours
from honcho.printer import Message, Printer

from session_core.errors import WhahookError
from session_core.launch.child import STEADY, Child, pause_before_start
from session_core.launch.orphans import GRACE, end_orphans, kill_trees, orphans
from session_core.launch.services import Service
from session_core.launch.valkey import wait_for_valkey
from session_core.tasks import RecurringTask, TaskOwner, spawn

BAD_SETTING = 2
"""Exit code of a process that cannot run before somebody changes a setting: starting it again is useless."""

NAME = "whahook"
TRIES_BEFORE_READY = 5
"""A process that dies this often before the page ever answered will not get better by itself."""
ORPHANS_EVERY = timedelta(seconds=5)


class Supervisor:
    """Keeps services running."""

    def __init__(
        self,
        services: list[Service],
        env: Mapping[str, str],
        *,
        redis_url: str,
        redis_timeout: timedelta = timedelta(seconds=30),
        orphan_grace: timedelta = GRACE,
    ) -> None:
        """Prepare; nothing runs before `run`.

        Args:
            services: what to run.
            env: environment of all of them.
            redis_url: the services that are not `Service.first` start when it answers.
            redis_timeout: longest wait for that.
            orphan_grace: how long what a dead service left behind may take to end by itself.
        """
        self._services = services
        self._env = env
        self._redis_url = redis_url
        self._redis_timeout = redis_timeout
        self._orphan_grace = orphan_grace
        self._children: dict[str, Child] = {}
        self._stopping = asyncio.Event()
        self._hurry = asyncio.Event()
        self._tasks = TaskOwner()
        self._ready = False
        self._exit_code = 0
        self._printer = Printer(sys.stdout)
        self._printer.width = max(len(name) for name in [NAME, *(service.name for service in services)])
        colours = get_colours()
        self._colours = {service.name: next(colours) for service in services}

    def say(self, text: str, name: str = NAME) -> None:
        """Print one line under the name of a process."""
        self._write(name, text)

    def _write(self, name: str, data: str | bytes) -> None:
        message: Any = Message("line", data, datetime.datetime.now(), name, self._colours.get(name))
        # The terminal may be gone; that must not keep us from stopping what we started.
        with suppress(OSError, ValueError):
            self._printer.write(message)

    def request_stop(self, exit_code: int = 0) -> None:
        """Stop everything; asked a second time, without waiting for a clean end."""
        if self._stopping.is_set():
            self._hurry.set()
            return
        self._exit_code = exit_code
        self._stopping.set()

    def mark_ready(self) -> None:
        """From now on a process that keeps dying is started again for ever."""
        self._ready = True

    async def run(self) -> int:
        """Run everything until `request_stop`, a signal, or a process that cannot run. Returns the exit code."""
        loop = asyncio.get_running_loop()
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            loop.add_signal_handler(number, self.request_stop)
        # At once, as init does it: whoever waits for the end of a browser also waits for its adopted remains.
        loop.add_signal_handler(signal.SIGCHLD, lambda: orphans(self._owned()))
        sweeper = RecurringTask(self._sweep, every=ORPHANS_EVERY, name="orphans")
        try:
            sweeper.start()
            await self._start_all()
            await self._stopping.wait()
        finally:
            await self._stop_all()
            await sweeper.stop()
        return self._exit_code

    async def _start_all(self) -> None:
        for service in self._services:
            if service.first:
                spawn(self._keep(service), name=f"keep-{service.name}", owner=self._tasks)
        answers = spawn(self._redis_answers(), name="wait-for-redis", owner=self._tasks)
        stop = spawn(self._stopping.wait(), name="wait-for-stop", owner=self._tasks)
        await asyncio.wait([answers, stop], return_when=asyncio.FIRST_COMPLETED)
        if self._stopping.is_set():
            return
        if not answers.result():
            self.request_stop(1)
            return
        for service in self._services:
            if not service.first:
                spawn(self._keep(service), name=f"keep-{service.name}", owner=self._tasks)

    async def _redis_answers(self) -> bool:
        try:
            await wait_for_valkey(self._redis_url, self._redis_timeout, self.say)
        except WhahookError as error:
            self.say(f"{error.message} {error.action}".strip())
            return False
        return True

    async def _keep(self, service: Service) -> None:
        failures = 0
        while not self._stopping.is_set():
            child = Child(service.argv, self._env, lambda line: self._write(service.name, line), service.stop_timeout)
            self._children[service.name] = child
            child.start()
            code = await child.wait()
            if self._stopping.is_set():
                return
            failures = 1 if child.age >= STEADY else failures + 1
            self._judge(service, code, failures)
            # What it left behind may hold what the next one needs: a port, a profile.
            await end_orphans(self._owned, self._orphan_grace)
            await self._pause(pause_before_start(failures))

    def _judge(self, service: Service, code: int, failures: int) -> None:
        how = f"exit code {code}" if code >= 0 else signal.Signals(-code).name
        if code == BAD_SETTING or (failures >= TRIES_BEFORE_READY and not self._ready):
            self.say(f"{service.name} cannot run ({how}): stopping everything. Its lines above say why.")
            self.request_stop(code if code > 0 else 1)
            return
        self.say(f"{service.name} ended ({how}), starting it again")

    async def _pause(self, length: timedelta) -> None:
        with suppress(TimeoutError):
            await asyncio.wait_for(self._stopping.wait(), length.total_seconds())

    def _owned(self) -> list[int]:
        return [child.pid for child in self._children.values() if child.pid is not None]

    async def _sweep(self) -> None:
        if orphans(self._owned()):
            await end_orphans(self._owned, self._orphan_grace)

    async def _stop_all(self) -> None:
        self.say("stopping")
        hurry = spawn(self._hurry.wait(), name="wait-for-hurry", owner=self._tasks)
        for first in (False, True):
            group = [
                self._children[service.name].stop()
                for service in self._services
                if service.first is first and service.name in self._children
            ]
            stops = spawn(_all(group), name="stop-services", owner=self._tasks)
            await asyncio.wait([stops, hurry], return_when=asyncio.FIRST_COMPLETED)
        for child in self._children.values():
            child.kill()
        await self._tasks.close()
        await end_orphans(self._owned, self._orphan_grace)
        # Whatever it is, it was started by us.
        kill_trees(psutil.Process().children())
        self.say("stopped")


async def _all(stops: list[Any]) -> None:
    await asyncio.gather(*stops, return_exceptions=True)
