"""The sandbox as a process of its own: it starts, serves, and ends on a signal although a page is open."""

from __future__ import annotations

import asyncio
import signal
import sys
from pathlib import Path

import pytest

from tests.integration.sandbox.wajs import WaPage

PROGRAM = """
import asyncio, pathlib, sys
from session_core.sandbox import run_sandbox
asyncio.run(run_sandbox("127.0.0.1", 0, 0, pathlib.Path(sys.argv[1])))
"""
ROOT = Path(__file__).resolve().parents[3]


async def url_of(process: asyncio.subprocess.Process) -> str:
    """Return the address that the sandbox prints when it is ready."""
    assert process.stdout is not None
    async for line in process.stdout:
        if b"sandbox_ready" in line:
            return next(word for word in line.decode().split() if "http://" in word).partition("=")[2].strip("'\x1b[0m")
    raise AssertionError("the sandbox ended before it was ready")


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
async def test_a_signal_ends_it_with_an_open_page(tmp_path: Path, wa: WaPage, number: signal.Signals) -> None:
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-c", PROGRAM, str(tmp_path / "data"), cwd=ROOT, stdout=asyncio.subprocess.PIPE
    )
    try:
        url = await asyncio.wait_for(url_of(process), 30)
        await wa.page.goto(url)
        await wa.qr()
        process.send_signal(number)
        assert await asyncio.wait_for(process.wait(), 10) == 0
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
