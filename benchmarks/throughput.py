"""How many texts a second, with the limits off, and how long one takes on an idle lane with the limits on.

Both products send the same texts on the same sandbox, with one account and with several; the phones' contacts say
when each text arrived.
"""

from __future__ import annotations

import asyncio
import tempfile
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx

from benchmarks.steps import CONTACT
from benchmarks.table import cell
from tests.integration.sandbox.wwebjs import WebJs, web_js
from tests.servers.whahook import WhaHook, running_whahook
from tests.waiting import eventually

TEXTS = 200
"""Of each account."""

AT_ONCE = 8
"""Requests under way together while texts are accepted."""

IDLE_TEXTS = 8
"""Fewer than the 10 that an account may send in a minute: the limits are asked, and hold nothing back."""

ACCOUNTS = (1, 4)
NO_LIMITS = {"WHAHOOK_MESSAGES_PER_ACCOUNT": "1000000", "WHAHOOK_MESSAGES_PER_USER": "1000000"}
PATIENCE = timedelta(minutes=3)


@dataclass(frozen=True)
class Rates:
    """Texts a second of one product with so many accounts; ``accepted``: None where there is no queue."""

    accepted: float | None
    sent: float


def phone_of(product: int, number: int) -> str:
    """Return a phone number that no other account has."""
    return f"348{product}00{number:05d}"


async def arrivals(sandbox: httpx.AsyncClient, phones: Sequence[str], expected: int, every: float = 1.0) -> list[float]:
    """Wait until the contacts have all texts; return when each came, in seconds, in order.

    Asked ``every`` so many seconds: the sandbox is what both send to, and has better things to do.
    """
    async with asyncio.timeout(PATIENCE.total_seconds()):
        while True:
            instants: list[float] = []
            for phone in phones:
                received = (await sandbox.get(f"/phone/{phone}/received")).raise_for_status().json()["received"]
                assert all(message["times"] == 1 for message in received), "sent twice"
                instants += [at / 1000 for message in received for at in message["arrivalsMs"]]
            if len(instants) >= expected:
                return sorted(instants)
            await asyncio.sleep(every)


def rate(instants: Sequence[float]) -> float:
    """Return how many a second came, from the first to the last."""
    return (len(instants) - 1) / (instants[-1] - instants[0])


# ---- WhaHook ------------------------------------------------------------------------------------------------------


@asynccontextmanager
async def person(whahook: WhaHook) -> AsyncIterator[httpx.AsyncClient]:
    """Sign somebody up; gives a client of the REST API with their login."""
    async with httpx.AsyncClient(
        base_url=f"{whahook.url}/api/v1/", headers={"Origin": whahook.url}, timeout=60, trust_env=False
    ) as api:
        body = {"name": "Bench", "email": f"{uuid4().hex}@example.com", "password": uuid4().hex}
        (await api.post("auth/sign-up", json=body)).raise_for_status()
        yield api


async def linked(api: httpx.AsyncClient, sandbox: httpx.AsyncClient, phone: str) -> str:
    """Make an account and link it; returns its id."""
    account: str = (await api.post("accounts", json={"name": phone, "kind": "sandbox"})).raise_for_status().json()["id"]
    (await api.post(f"accounts/{account}/connect", json={})).raise_for_status()

    async def code() -> Any:
        answer = await api.get(f"accounts/{account}/qr", headers={"Accept": "application/json"})
        return answer.json()["qr"] if answer.is_success else None

    qr = await eventually(code, PATIENCE, "a code")
    (await sandbox.post("/phone/scan", json={"qr": qr, "phone": phone, "name": "Bench"})).raise_for_status()

    async def ready() -> bool:
        return bool((await api.get(f"accounts/{account}")).raise_for_status().json()["status"] == "ready")

    await eventually(ready, PATIENCE, "ready")
    return account


async def accept(api: httpx.AsyncClient, account: str, text: str) -> str:
    """Hand a text over; returns its id."""
    answer = await api.post(f"accounts/{account}/messages", json={"to": CONTACT, "text": text})
    return str(answer.raise_for_status().json()["id"])


async def ours(count: int) -> Rates:
    """Measure a whole WhaHook with so many accounts of one person."""
    with tempfile.TemporaryDirectory() as folder, running_whahook(Path(folder) / "data", NO_LIMITS) as whahook:
        async with (
            person(whahook) as api,
            httpx.AsyncClient(base_url=whahook.sandbox_url, timeout=60, trust_env=False) as sandbox,
        ):
            phones = [phone_of(1, number) for number in range(count)]
            accounts = [await linked(api, sandbox, phone) for phone in phones]
            # Of each account the first text is another matter: its number is looked up.
            for account in accounts:
                await accept(api, account, "the first one")
            await arrivals(sandbox, phones, count)
            free = asyncio.Semaphore(AT_ONCE)

            async def one(account: str, number: int) -> None:
                async with free:
                    await accept(api, account, f"text {number}")

            began = time.monotonic()
            await asyncio.gather(*(one(account, number) for number in range(TEXTS) for account in accounts))
            accepted = count * TEXTS / (time.monotonic() - began)
            instants = await arrivals(sandbox, phones, count * (TEXTS + 1))
    return Rates(accepted, rate(instants[count:]))


async def idle_lane() -> list[float]:
    """Return the milliseconds from accepted until the contact has it, one text after the other, with the limits on."""
    with tempfile.TemporaryDirectory() as folder, running_whahook(Path(folder) / "data") as whahook:
        async with (
            person(whahook) as api,
            httpx.AsyncClient(base_url=whahook.sandbox_url, timeout=60, trust_env=False) as sandbox,
        ):
            phone = phone_of(3, 0)
            account = await linked(api, sandbox, phone)
            took = []
            for number in range(IDLE_TEXTS + 1):
                await accept(api, account, f"text {number}")
                accepted = time.time()
                took.append(((await arrivals(sandbox, [phone], number + 1, 0.1))[-1] - accepted) * 1000)
    return took[1:]


# ---- whatsapp-web.js ----------------------------------------------------------------------------------------------


async def theirs(sandbox_url: str, chromium_args: list[str], chromium: Path, count: int) -> Rates:
    """Measure whatsapp-web.js with so many clients, each sending one text after the other, as its users do."""
    async with AsyncExitStack() as stack:
        sandbox = await stack.enter_async_context(httpx.AsyncClient(base_url=sandbox_url, timeout=60, trust_env=False))
        phones = [phone_of(2 + count, number) for number in range(count)]
        clients = []
        for phone in phones:
            folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
            client = await stack.enter_async_context(web_js(folder, chromium_args, str(chromium)))
            code = (await client.until("qr"))["qr"]
            (await sandbox.post("/phone/scan", json={"qr": code, "phone": phone, "name": "Bench"})).raise_for_status()
            await client.until("ready")
            await client.call("send", to=f"{CONTACT}@c.us", text="the first one")
            clients.append(client)
        await arrivals(sandbox, phones, count)

        async def all_of(client: WebJs) -> None:
            for number in range(TEXTS):
                await client.call("send", to=f"{CONTACT}@c.us", text=f"text {number}")

        await asyncio.gather(*map(all_of, clients))
        instants = await arrivals(sandbox, phones, count * (TEXTS + 1))
    return Rates(None, rate(instants[count:]))


# ---- The table ----------------------------------------------------------------------------------------------------


async def measure(chromium: Path) -> str:
    """Measure both products; returns the table, Markdown."""
    our_rates = {count: await ours(count) for count in ACCOUNTS}
    idle = await idle_lane()
    their_rates = {}
    for count in ACCOUNTS:
        with tempfile.TemporaryDirectory() as folder, running_whahook(Path(folder) / "data") as whahook:
            args = [
                "--no-sandbox",
                f"--host-resolver-rules=MAP web.whatsapp.com:443 127.0.0.1:{whahook.sandbox_https_port}",
                "--ignore-certificate-errors",
            ]
            their_rates[count] = await theirs(whahook.sandbox_url, args, chromium, count)
    return show(our_rates, their_rates, idle)


def show(our_rates: dict[int, Rates], their_rates: dict[int, Rates], idle: Sequence[float]) -> str:
    """Return the table, Markdown."""
    lines = ["| | WhaHook | whatsapp-web.js 1.34.7 |", "|---|---|---|"]
    for count, rates in our_rates.items():
        who = "1 account" if count == 1 else f"{count} accounts"
        lines.append(f"| accepted a second, {who} | {rates.accepted:.0f} | - |")
        lines.append(f"| sent a second, limits off, {who} | {rates.sent:.1f} | {their_rates[count].sent:.1f} |")
    lines.append(f"| accepted -> with the contact, limits on, lane idle, ms | {cell(idle)} | - |")
    return "\n".join(lines)
