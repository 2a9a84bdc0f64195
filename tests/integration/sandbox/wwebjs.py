"""Drives `wwebjs.cjs`: the unmodified whatsapp-web.js in a Node process of its own."""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator, Callable, Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any

from session_core.tasks import spawn

HERE = Path(__file__).parent
ROOT = HERE.parents[2]
PATIENCE = timedelta(seconds=60)

Json = dict[str, Any]


class WebJs:
    """One client process: its events so far, and its commands."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self.events: list[Json] = []
        self._process = process
        self._changed = asyncio.Condition()
        self._calls = 0
        self._reader = spawn(self._read(), name="wwebjs-events")

    @classmethod
    async def start(cls, script: Path, options: Json, prefix: Sequence[str] = ()) -> WebJs:
        """Start a Node script that speaks as `wwebjs.cjs` does.

        Args:
            script: the script.
            options: what it gets as JSON.
            prefix: words before the command.
        """
        process = await asyncio.create_subprocess_exec(
            *prefix,
            "node",
            str(script),
            json.dumps(options),
            cwd=ROOT,
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            limit=2**20,
        )
        return cls(process)

    @property
    def pid(self) -> int:
        """Process id of Node."""
        return self._process.pid

    async def _read(self) -> None:
        assert self._process.stdout is not None
        async for line in self._process.stdout:
            async with self._changed:
                self.events.append(json.loads(line))
                self._changed.notify_all()
        async with self._changed:
            self.events.append({"event": "exit"})
            self._changed.notify_all()

    async def until(self, event: str, accept: Callable[[Json], bool] = lambda _: True, *, after: int = 0) -> Json:
        """Return the first accepted event of that name, waiting for it; ``after``: index in `events` to begin at."""

        def found() -> Json | None:
            return next((one for one in self.events[after:] if one["event"] == event and accept(one)), None)

        async with self._changed:
            try:
                await asyncio.wait_for(self._changed.wait_for(lambda: found() is not None), PATIENCE.total_seconds())
            except TimeoutError:
                raise AssertionError(f"no {event!r} among {self.events[after:]}") from None
        match = found()
        assert match is not None
        return match

    async def call(self, name: str, **arguments: Any) -> Json:
        """Run a command of `wwebjs.cjs`; return its result."""
        assert self._process.stdin is not None
        self._calls += 1
        call = self._calls
        self._process.stdin.write(json.dumps({"call": call, "name": name, **arguments}).encode() + b"\n")
        await self._process.stdin.drain()
        answer = await self.until("result", lambda one: one["call"] == call)
        assert "error" not in answer, answer
        result: Json = answer["result"]
        return result

    def names(self) -> list[str]:
        """Return the names of the events so far, without the answers to commands."""
        return [one["event"] for one in self.events if one["event"] != "result"]

    async def close(self) -> None:
        """Let the client close its browser and end, and wait for the process."""
        assert self._process.stdin is not None
        self._process.stdin.close()
        try:
            await asyncio.wait_for(self._process.wait(), 20)
        except TimeoutError:
            self._process.kill()
            await self._process.wait()
        await self._reader


@contextlib.asynccontextmanager
async def web_js(data_path: Path, chromium_args: list[str], chromium: str, **options: Any) -> AsyncIterator[WebJs]:
    """Run a client inside the block.

    Args:
        data_path: where LocalAuth keeps the profile.
        chromium_args: flags for the browser.
        chromium: path of the browser.
        options: further options of `wwebjs.cjs`, e.g. ``pairPhone``.
    """
    client = await WebJs.start(
        HERE / "wwebjs.cjs",
        {"dataPath": str(data_path), "executablePath": chromium, "args": chromium_args, **options},
    )
    try:
        yield client
    finally:
        await client.close()
