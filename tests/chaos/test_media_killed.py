"""Files that are on their way out when something dies: each arrives once, whole, or is said to have failed."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import timedelta
from pathlib import Path

import pytest

from tests.chaos import harm
from tests.chaos.table import ROWS, Row
from tests.chaos.trial import ours, strays, watched
from tests.servers.postgres import PostgresServer
from tests.servers.services import HostProcess
from tests.servers.site import FRIEND, Line, Site, running_site
from tests.waiting import eventually

pytestmark = [pytest.mark.slow, pytest.mark.timeout(500)]

FILES = 6
SIZE = 4 * 2**20
"""Bytes. Long enough on its way that a fault meets it."""

LONG = timedelta(seconds=180)


@pytest.fixture(scope="module")
async def site(site_url: str, folder: Path, pages: None) -> AsyncIterator[Site]:
    """An installation whose processes share the folder of files."""
    async with running_site(folder, site_url, apart=True, WHAHOOK_MEDIA_DIR=str(folder / "media")) as site:
        await site.host()
        yield site


async def send_files(line: Line) -> dict[str, bytes]:
    """Upload files and have them sent; returns what each of them holds, by its caption."""
    files: dict[str, bytes] = {}
    for number in range(FILES):
        caption, content = f"file {os.urandom(4).hex()} {number}", os.urandom(SIZE)
        answer = await line.site.api.post("/media", files={"file": ("notes.bin", content)})
        assert answer.is_success, answer.text
        body = {"to": f"+{FRIEND}", "type": "document", "mediaId": answer.json()["id"], "caption": caption}
        await line.site.post(f"/accounts/{line.id}/messages", **body)
        files[caption] = content
    return files


async def under_way(line: Line) -> bool:
    """Tell whether a file is being sent at this moment."""
    page = await line.site.get_list(f"/accounts/{line.id}/messages?limit=20&direction=out")
    return any(message["status"] == "sending" for message in page)


async def statuses(line: Line) -> dict[str, str]:
    """Return what the API says of the newest messages, by their text."""
    page = await line.site.get_list(f"/accounts/{line.id}/messages?limit=50&direction=out")
    return {str(message["text"]): str(message["status"]) for message in page}


async def all_told(line: Line, files: dict[str, bytes]) -> bool:
    """Tell whether WhatsApp has taken each of the files, or its sender knows that it has not."""
    found = await statuses(line)
    return all(found.get(caption) in {"server", "device", "read", "failed"} for caption in files)


@pytest.mark.parametrize("what", ["renderer", "Chromium", "host", "worker", "Valkey", "database"])
async def test_killed_while_files_go_out(
    line: Line, host: HostProcess, database_kind: str, what: str, request: pytest.FixtureRequest
) -> None:
    async def kill_renderer() -> None:
        harm.kill(harm.renderer(host, line))

    async def kill_chromium() -> None:
        harm.kill(*host.browser(line.session_id))

    async def kill_host() -> None:
        host.kill()
        await host.start()

    async def kill_worker() -> None:
        line.site.restart_worker()

    async def kill_valkey() -> None:
        line.site.valkey.kill()
        line.site.valkey.start()

    async def kill_database() -> None:
        if database_kind == "sqlite":
            pytest.skip("SQLite has no process")
        server: PostgresServer = request.getfixturevalue("postgres_server")
        server.kill()
        await harm.pause(timedelta(seconds=3))
        server.start()

    kills: dict[str, Callable[[], Awaitable[None]]] = {
        "renderer": kill_renderer,
        "Chromium": kill_chromium,
        "host": kill_host,
        "worker": kill_worker,
        "Valkey": kill_valkey,
        "database": kill_database,
    }
    known = {str(message["id"]) for message in await line.phone.received()}
    before = ours(line.site)
    files = await send_files(line)
    line.hurt = True
    async with watched(line):
        await eventually(lambda: under_way(line), LONG, "a file is being sent")
        began = len(line.heard)
        await kills[what]()
        await eventually(lambda: all_told(line, files), LONG, f"it is known of all files; told {line.told[began:]}")
        await line.until("ready", timeout=LONG)
    arrived = [message for message in await line.phone.received() if str(message["id"]) not in known]
    got = {str(message["text"]) for message in arrived}
    failed = {caption for caption, status in (await statuses(line)).items() if caption in files and status == "failed"}
    # What was in a page that died before it was uploaded is gone, and its sender is told.
    lost, twice = len(files.keys() - got - failed), sum(int(message["times"]) - 1 for message in arrived)
    said = " → ".join(line.told[began:]) or "ready"
    left = strays(line.site, before) if what in {"renderer", "Chromium"} else []
    fault = f"{what} SIGKILL while files of {SIZE >> 20} MB go out; {len(failed)} told as failed"
    ROWS.append(Row(database_kind, fault, 0.0, 0.0, False, len(files), lost, twice, len(left), said))
    assert not got & failed
    assert (lost, twice) == (0, 0)
    for message in arrived:
        assert await line.phone.file(str(message["id"])) == files[str(message["text"])]
    assert left == []
