"""A host that dies while it makes backups and removes old ones: those that are complete stay, and nothing else does."""

from __future__ import annotations

import asyncio
import os
from collections import Counter
from collections.abc import Awaitable, Callable
from datetime import timedelta
from hashlib import sha256
from pathlib import Path

import pytest

from tests.chaos.table import NOTES
from tests.servers.services import HostProcess
from tests.servers.site import Json, Line
from tests.waiting import eventually

pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]

LONG = timedelta(minutes=3)
KEPT = 3
"""The newest of a day that stay."""


async def backups(line: Line) -> list[Json]:
    """Return what the API says of the account's backups."""
    return await line.site.get_list(f"/accounts/{line.id}/backups")


def archives(host: HostProcess) -> list[Path]:
    """Return every archive in the host's folder, finished or not; the folder's own name lies at its top."""
    top = host.data / "backups"
    return [Path(path, name) for path, _, names in os.walk(top) for name in names if Path(path) != top]


def workshop(host: HostProcess) -> list[Path]:
    """Return what lies where backups are made."""
    return list((host.sessions / ".backups").glob("*/*"))


async def consistent(line: Line, host: HostProcess) -> bool:
    """Tell whether each archive has its complete row and the other way round, and nothing is under way."""
    rows = await backups(line)
    complete = {str(row["sha256"]) for row in rows if row["status"] == "complete"}
    try:
        found = await asyncio.to_thread(lambda: [sha256(path.read_bytes()).hexdigest() for path in archives(host)])
    except FileNotFoundError:
        return False
    under_way = [row for row in rows if row["status"] not in {"complete", "failed"} or row["verifying"]]
    return not under_way and sorted(found) == sorted(complete) and not workshop(host)


async def test_killed_while_backups_are_made_and_removed(line: Line, host: HostProcess, database_kind: str) -> None:
    line.hurt = True
    for _ in range(KEPT + 1):
        await line.backed_up()
    await eventually(lambda: consistent(line, host), LONG, "all is at rest")

    async def status_is(backup_id: str, status: str) -> bool:
        return (await line.site.get(f"/accounts/{line.id}/backups/{backup_id}"))["status"] == status

    moments: dict[str, Callable[[str, set[Path]], bool | Awaitable[bool]]] = {
        "asked for": lambda *_: True,
        "begun": lambda made, _: status_is(made, "uploading"),
        "files aside": lambda *_: bool(workshop(host)),
        "being packed": lambda *_: any(path.suffix == ".new" for path in workshop(host)),
        "stored": lambda _, before: bool(set(archives(host)) - before),
        "complete": lambda made, _: status_is(made, "complete"),
        "an old one goes": lambda _, before: bool(before - set(archives(host))),
    }
    outcomes: Counter[str] = Counter()
    for moment, reached in moments.items():
        await line.until("ready", timeout=LONG)
        before = set(archives(host))
        complete = {row["id"] for row in await backups(line) if row["status"] == "complete"}
        made = str((await line.site.post(f"/accounts/{line.id}/backups"))["id"])
        await eventually(lambda made=made, before=before, reached=reached: reached(made, before), LONG, moment)  # type: ignore[misc]
        host.kill()
        await host.start()
        await eventually(lambda: consistent(line, host), LONG, f"killed when {moment}: all is at rest")
        rows = {row["id"]: row["status"] for row in await backups(line)}
        outcomes[rows[made]] += 1
        # One more than before, or as many as before; never fewer than are to stay.
        left = [id_ for id_ in complete if rows.get(id_) == "complete"]
        assert len(left) >= KEPT - (rows[made] == "complete"), f"killed when {moment}"
    await line.until("ready", timeout=LONG)
    newest = next(row for row in await backups(line) if row["status"] == "complete")
    await line.site.post(f"/accounts/{line.id}/backups/{newest['id']}/verify")

    async def opened() -> bool:
        row = await line.site.get(f"/accounts/{line.id}/backups/{newest['id']}")
        return bool(row["verifiedAt"] and not row["verifying"])

    await eventually(opened, LONG, "the newest one opens")
    told = ", ".join(f"{count} {status}" for status, count in sorted(outcomes.items()))
    NOTES.append(
        f"{database_kind}: host SIGKILL at {len(moments)} moments of a backup ({told}): no complete one lost, "
        "no archive without a row, no row without an archive, nothing half-made left"
    )
