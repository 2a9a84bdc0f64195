"""The program in docs/api.md, run as it stands there."""

from __future__ import annotations

import asyncio
import os
import re
from pathlib import Path

from tests.integration.api.conftest import Person
from tests.integration.api.phone import NUMBER, Phone
from tests.servers.api import RunningApi

ROOT = Path(__file__).resolve().parents[3]


async def test_the_socket_example_hears_a_code_and_then_ready(api: RunningApi, ana: Person, phone: Phone) -> None:
    (example,) = re.findall(r"```js\n(.+?)```", (ROOT / "docs" / "api.md").read_text(), re.DOTALL)
    account = await ana.account()
    environment = {
        "PATH": os.environ["PATH"],
        "WHAHOOK_URL": api.url,
        "WHAHOOK_KEY": ana.key,
        "WHAHOOK_ACCOUNT": str(account["id"]),
    }
    process = await asyncio.create_subprocess_exec(
        *("node", "--input-type=module", "--eval", example),
        cwd=ROOT,
        env=environment,
        stdout=asyncio.subprocess.PIPE,
    )
    assert process.stdout is not None
    try:
        async with asyncio.timeout(20):
            assert await process.stdout.readline() == b"asked true\n"
            await phone.shows_qr(account["id"], "2@example")
            assert await process.stdout.readline() == f"scan {account['sessionId']} 2@example\n".encode()
            await phone.is_linked(account["id"])
            assert await process.stdout.readline() == f"ready {account['sessionId']} {NUMBER}\n".encode()
    finally:
        process.kill()
        await process.wait()
