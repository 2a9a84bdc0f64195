"""The same steps done by the unmodified whatsapp-web.js under puppeteer, on the same sandbox."""

from __future__ import annotations

import tempfile
import time
from collections import defaultdict
from pathlib import Path

import httpx

from benchmarks.steps import ACCEPTED_TO_SENT, CONNECT_TO_QR, CONTACT, MESSAGES, SCAN_TO_READY
from tests.integration.sandbox.wwebjs import web_js


async def measure(sandbox_url: str, chromium_args: list[str], chromium: Path, runs: int) -> dict[str, list[float]]:
    """Go through the steps ``runs`` times, each with a new profile and a new phone.

    Args:
        sandbox_url: HTTP address of the sandbox, for its phones.
        chromium_args: flags with which Chromium takes ``https://web.whatsapp.com`` for the sandbox.
        chromium: the same browser that WhaHook uses.
        runs: how often.

    Returns:
        Milliseconds, by step. "connect" is ``initialize()``; "QR" and "ready" are the library's events; "sent" is the
        end of ``sendMessage()``.
    """
    samples: dict[str, list[float]] = defaultdict(list)
    async with httpx.AsyncClient(base_url=sandbox_url, timeout=60) as sandbox:
        for number in range(runs):
            with tempfile.TemporaryDirectory() as folder:
                await _one(samples, sandbox, Path(folder), chromium_args, chromium, f"3470000{number:04d}")
    return samples


async def _one(
    samples: dict[str, list[float]],
    sandbox: httpx.AsyncClient,
    folder: Path,
    chromium_args: list[str],
    chromium: Path,
    phone: str,
) -> None:
    async with web_js(folder, chromium_args, str(chromium)) as client:
        code = await client.until("qr")
        samples[CONNECT_TO_QR].append(code["since"])
        scanned = time.time() * 1000
        (await sandbox.post("/phone/scan", json={"qr": code["qr"], "phone": phone, "name": "Bench"})).raise_for_status()
        ready = await client.until("ready")
        samples[SCAN_TO_READY].append(ready["at"] - scanned)
        for number in range(MESSAGES):
            sent = await client.call("send", to=f"{CONTACT}@c.us", text=f"text {number}")
            samples[ACCEPTED_TO_SENT].append(sent["took"])
