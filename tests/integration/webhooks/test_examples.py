"""The receivers in docs/webhooks.md, run as they stand there."""

from __future__ import annotations

import asyncio
import os
import re
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path
from uuid import UUID

import httpx
import pytest

from session_core.clock import utcnow
from session_core.webhooks import body, signature
from session_core.webhooks.body import Told
from session_core.webhooks.post import Answer, Poster
from tests.factories import T0
from tests.servers.processes import free_ports
from tests.waiting import eventually

ROOT = Path(__file__).resolve().parents[3]
DOCUMENT = (ROOT / "docs" / "webhooks.md").read_text()
TIMEOUT = timedelta(seconds=5)

COMMANDS: dict[str, Callable[[str], list[str]]] = {
    "python": lambda text: [sys.executable, "-c", text],
    "js": lambda text: ["node", "--input-type=module", "--eval", text],
}

EVENTS = (UUID(int=1), UUID(int=2))

SECRET, OLD = signature.new_secret(), signature.new_secret()


@asynccontextmanager
async def running(language: str) -> AsyncIterator[tuple[str, asyncio.subprocess.Process]]:
    """Run the example in this language; gives its address."""
    (example,) = re.findall(rf"```{language}\n(.+?)```", DOCUMENT, re.DOTALL)
    (port,) = free_ports(1)
    url = f"http://127.0.0.1:{port}/"
    process = await asyncio.create_subprocess_exec(
        *COMMANDS[language](example),
        env={"PATH": os.environ["PATH"], "WHAHOOK_SECRET": SECRET, "PORT": str(port)},
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.DEVNULL,
    )

    async def answers() -> bool:
        try:
            async with httpx.AsyncClient(trust_env=False) as client:
                return (await client.post(url, content=b"{}")).status_code == 401
        except httpx.HTTPError:
            return False

    try:
        await eventually(answers, timeout=timedelta(seconds=20))
        yield url, process
    finally:
        process.kill()
        await process.wait()


@pytest.mark.parametrize("language", list(COMMANDS))
async def test_it_takes_what_is_ours_once_and_nothing_else(language: str) -> None:
    first, second = (
        body.written(body.envelope(Told(EVENTS[number], "message.received", T0, {"text": "café 👍"}, cursor=number)))
        for number in (0, 1)
    )
    poster = Poster(allow_private=True, timeout=TIMEOUT)
    async with running(language) as (url, process):

        async def send(text: bytes, number: int, *keys: str, ago: timedelta = timedelta(0)) -> Answer:
            headers = signature.headers(f"evt_{number}", text, keys, utcnow() - ago)
            return await poster.post(url, text, headers)

        assert process.stdout is not None
        assert (await send(first, 0, SECRET)).status_code == 204
        line = (await asyncio.wait_for(process.stdout.readline(), 10)).decode()
        assert line.startswith("message.received 0 ")
        assert "café 👍" in line
        assert (await send(first, 0, SECRET)).status_code == 204, "a repetition is taken, and nothing is done"
        assert (await send(second, 1, OLD)).status_code == 401
        assert (await send(second, 1, SECRET, ago=timedelta(minutes=10))).status_code == 401
        assert (await send(second, 1, OLD, SECRET)).status_code == 204, "while both secrets count either is enough"
        assert (await asyncio.wait_for(process.stdout.readline(), 10)).startswith(b"message.received 1 ")
    await poster.close()
