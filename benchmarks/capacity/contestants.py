"""Who is measured: both link accounts, start them again without a QR, and tell which processes are theirs."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any, Protocol
from uuid import uuid4

import httpx
import psutil

from benchmarks.capacity import reading
from tests.integration.sandbox.wwebjs import WebJs
from tests.servers.whahook import WhaHook

CLIENTS = Path(__file__).with_name("many_clients.cjs")
LOOK_EVERY = 0.05
"""Seconds. So much later may a status be seen than it was there."""
PATIENCE = timedelta(minutes=3)
TRIES = 3
"""Starts of whatsapp-web.js until one is taken; those that miss "ready" are not in its numbers."""


@dataclass(frozen=True)
class Place:
    """Where a contestant runs.

    Attributes:
        sandbox: its phones' API.
        chromium: the browser.
        args: switches with which it takes ``https://web.whatsapp.com`` for the sandbox.
        prefix: makes a command that of an ordinary user; None when that cannot be, and the sandbox has to be off.
        folder: for profiles.
    """

    sandbox: httpx.AsyncClient
    chromium: Path
    args: Sequence[str]
    prefix: list[str] | None
    folder: Path


class Contestant(Protocol):
    """One product, ready to run sessions."""

    async def link(self, count: int) -> None:
        """Link accounts 0 to ``count - 1`` by a QR and stop them."""

    async def start(self, numbers: Sequence[int]) -> float:
        """Start linked accounts together; return the milliseconds until the last of them was ready."""

    async def stop(self) -> None:
        """Stop what runs."""

    def processes(self) -> list[psutil.Process]:
        """Return everything that the product needs, the browsers included, the stand-in for WhatsApp not."""


def phone(product: str, number: int) -> str:
    """Return a phone number for an account of a product."""
    return f"34{sum(product.encode()) % 1000:03d}{number:06d}"


class Ours:
    """A whole WhaHook, by its REST API."""

    def __init__(self, whahook: WhaHook, api: httpx.AsyncClient, sandbox: httpx.AsyncClient, name: str) -> None:
        self._whahook = whahook
        self._api = api
        self._sandbox = sandbox
        self._name = name
        self._ids: list[str] = []

    async def link(self, count: int) -> None:
        """See `Contestant.link`."""
        for number in range(count):
            made = await self._post("accounts", {"name": f"Account {number}"})
            self._ids.append(made["id"])
            await self._post(f"accounts/{made['id']}/connect", {})
            await self._until(lambda shown: shown["status"] == "qr", [number])
            qr = await self._api.get(f"accounts/{made['id']}/qr", headers={"Accept": "application/json"})
            body = {"qr": qr.raise_for_status().json()["qr"], "phone": phone(self._name, number), "name": "Bench"}
            (await self._sandbox.post("/phone/scan", json=body)).raise_for_status()
            await self._until(lambda shown: shown["status"] == "ready", [number])
        await self.stop()

    async def start(self, numbers: Sequence[int]) -> float:
        """See `Contestant.start`."""
        began = time.monotonic()
        await asyncio.gather(*(self._post(f"accounts/{self._ids[number]}/connect", {}) for number in numbers))
        await self._until(lambda shown: shown["status"] == "ready", numbers)
        return (time.monotonic() - began) * 1000

    async def stop(self) -> None:
        """See `Contestant.stop`."""
        for account in self._ids:
            await self._post(f"accounts/{account}/disconnect", {})
        await self._until(lambda shown: shown["phase"] == "stopped", range(len(self._ids)))

    def processes(self) -> list[psutil.Process]:
        """See `Contestant.processes`."""
        return reading.tree(self._whahook.supervisor.pid)

    async def _post(self, path: str, body: dict[str, Any]) -> dict[str, Any]:
        answer: dict[str, Any] = (await self._api.post(path, json=body)).raise_for_status().json()
        return answer

    async def _until(self, accept: Callable[[dict[str, Any]], bool], numbers: Sequence[int]) -> None:
        wanted = {self._ids[number] for number in numbers}
        async with asyncio.timeout(PATIENCE.total_seconds()):
            while True:
                listed = (await self._api.get("accounts")).raise_for_status().json()
                if all(accept(one) for one in listed if one["id"] in wanted):
                    return
                await asyncio.sleep(LOOK_EVERY)


@asynccontextmanager
async def ours(whahook: WhaHook, place: Place, name: str) -> AsyncIterator[Ours]:
    """Sign a person up at a running WhaHook, which then takes part."""
    async with httpx.AsyncClient(
        base_url=f"{whahook.url}/api/v1/", headers={"Origin": whahook.url}, timeout=60, trust_env=False
    ) as api:
        person = {"name": "Bench", "email": f"{uuid4().hex}@example.com", "password": uuid4().hex}
        (await api.post("auth/sign-up", json=person)).raise_for_status()
        yield Ours(whahook, api, place.sandbox, name)


class Theirs:
    """Clients of whatsapp-web.js in one Node process, begun anew for each start."""

    def __init__(self, place: Place, name: str) -> None:
        self._place = place
        self._name = name
        self._client: WebJs | None = None

    async def link(self, count: int) -> None:
        """See `Contestant.link`."""
        await self._open()
        assert self._client is not None
        for number in range(count):
            await self._client.call("start", numbers=[number])
            qr = await self._client.until("qr", lambda event, number=number: event["number"] == number)
            body = {"qr": qr["qr"], "phone": phone(self._name, number), "name": "Bench"}
            (await self._place.sandbox.post("/phone/scan", json=body)).raise_for_status()
            await self._client.until("ready", lambda event, number=number: event["number"] == number)
        await self.stop()

    async def start(self, numbers: Sequence[int]) -> float:
        """See `Contestant.start`."""
        for _ in range(TRIES - 1):
            # On a busy machine the page may be in its main mode before the library listens; then "ready" never comes.
            with suppress(AssertionError):
                return await self._start(numbers)
            await self.stop()
        return await self._start(numbers)

    async def _start(self, numbers: Sequence[int]) -> float:
        await self._open()
        assert self._client is not None
        began = (await self._client.call("start", numbers=list(numbers)))["at"]
        ready = [
            await self._client.until("ready", lambda event, number=number: event["number"] == number)
            for number in numbers
        ]
        return float(max(event["at"] for event in ready) - began)

    async def stop(self) -> None:
        """See `Contestant.stop`."""
        if self._client is not None:
            await self._client.call("stop")
            await self._client.close()
            self._client = None

    def processes(self) -> list[psutil.Process]:
        """See `Contestant.processes`."""
        assert self._client is not None
        return reading.tree(self._client.pid)

    async def _open(self) -> None:
        if self._client is None:
            place = self._place
            off = ["--no-sandbox"] if place.prefix is None else []
            self._client = await WebJs.start(
                CLIENTS,
                {"dataPath": str(place.folder), "executablePath": str(place.chromium), "args": [*place.args, *off]},
                prefix=place.prefix or [],
            )
