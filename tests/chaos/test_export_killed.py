"""An export during which something dies: its reader is told, and has no file that looks whole."""

from __future__ import annotations

import asyncio
import csv
import io
import json
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, suppress
from dataclasses import dataclass
from pathlib import Path
from uuid import UUID

import httpx
import psutil
import pytest

from session_core.domain.message import Direction, MessageStatus
from session_core.store.engine import Database
from tests import factories
from tests.chaos.table import NOTES
from tests.servers.postgres import PostgresServer
from tests.servers.sandbox import LIMITS
from tests.servers.services import PATIENCE, WebProcess
from tests.servers.valkey import running_valkey_server
from tests.waiting import eventually

pytestmark = [pytest.mark.slow, pytest.mark.timeout(500)]

MESSAGES = 12_000
LENGTH = 2_000
"""Characters of each: far more than lies in the buffers of a connection."""

SHARES = (0.0, 0.2, 0.5, 0.8)
"""So much of the export was read when something died."""

PERSON = {"email": "ana@example.org", "password": "correct horse battery", "name": "Ana"}


@dataclass
class Exporting:
    """A web process, and an account with a lot to be taken along."""

    web: WebProcess
    api: httpx.AsyncClient
    account_id: str
    sizes: dict[str, int]

    async def read(self, form: str, at: float, then: Callable[[], object] | None) -> bytes:
        """Read an export; when so many bytes are read, do something and go on reading."""
        got, address = bytearray(), f"/accounts/{self.account_id}/export?format={form}"
        async with self.api.stream("GET", address) as answer:
            assert answer.status_code == 200
            async for piece in answer.aiter_raw():
                got += piece
                if then is not None and len(got) >= at:
                    await asyncio.to_thread(then)
                    then = None
        return bytes(got)


async def fill(url: str, account_id: str) -> None:
    """Store many messages."""
    database = Database(url)
    try:
        for begin in range(0, MESSAGES, 1000):
            async with database.begin() as session:
                session.add_all(
                    factories.message(
                        UUID(account_id),
                        text=f"{number} ".ljust(LENGTH, "x"),
                        direction=Direction.OUT,
                        status=MessageStatus.READ,
                    )
                    for number in range(begin, begin + 1000)
                )
    finally:
        await database.close()


@pytest.fixture(scope="module")
async def exporting(site_url: str, folder: Path, pages: None) -> AsyncIterator[Exporting]:
    async with AsyncExitStack() as stack:
        valkey = stack.enter_context(running_valkey_server(folder / "valkey"))
        web = WebProcess(folder / "web", {"DATABASE_URL": site_url, "REDIS_URL": valkey.url})
        stack.push_async_callback(web.stop)
        await web.start()
        api = await stack.enter_async_context(
            httpx.AsyncClient(base_url=f"{web.url}/api/v1", timeout=30, limits=LIMITS)
        )
        assert (await api.post("/auth/sign-up", json=PERSON)).is_success
        made = (await api.post("/accounts", json={"name": "Ana", "kind": "sandbox"})).json()
        await fill(site_url, made["id"])
        found = Exporting(web, api, made["id"], {})
        for form in ("json", "csv"):
            found.sizes[form] = len(whole(form, await found.read(form, 0, None)))
        yield found


def whole(form: str, text: bytes) -> bytes:
    """Return a whole export as it is."""
    rows = json.loads(text) if form == "json" else list(csv.reader(io.StringIO(text.decode())))[1:]
    assert len(rows) == MESSAGES
    return text


def kill_all(web: WebProcess) -> None:
    """SIGKILL the web process with all that it started."""
    tree = [psutil.Process(web.pid), *psutil.Process(web.pid).children(recursive=True)]
    for process in tree:
        with suppress(psutil.NoSuchProcess):
            process.kill()
    psutil.wait_procs(tree, timeout=10)


@pytest.mark.parametrize("form", ["json", "csv"])
@pytest.mark.parametrize("what", ["web", "database"])
async def test_killed_while_it_is_read(
    exporting: Exporting, database_kind: str, what: str, form: str, request: pytest.FixtureRequest
) -> None:
    server: PostgresServer | None = None
    if what == "database":
        if database_kind == "sqlite":
            pytest.skip("SQLite has no process")
        server = request.getfixturevalue("postgres_server")
    read: list[str] = []
    for share in SHARES:
        at = share * exporting.sizes[form]
        kill = (lambda: kill_all(exporting.web)) if server is None else server.kill
        try:
            # Told by the protocol: the answer is broken off, so that curl, browsers and libraries say so.
            with pytest.raises(httpx.TransportError):
                read.append(f"{len(await exporting.read(form, at, kill)):,} bytes that look whole")
        finally:
            await (exporting.web.start() if server is None else asyncio.to_thread(server.start))

        async def again() -> bool:
            with suppress(httpx.TransportError, AssertionError):
                whole(form, await exporting.read(form, 0, None))
                return True
            return False

        await eventually(again, PATIENCE, "the next export is whole")
    assert read == []
    NOTES.append(
        f"{database_kind}: {what} SIGKILL at {len(SHARES)} moments of an export as {form} "
        f"({exporting.sizes[form] >> 20} MB): the answer was broken off each time, the next one was whole"
    )
