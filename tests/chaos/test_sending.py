"""Nothing is lost, sent twice, out of order or too fast, whatever is killed while it is sent.

Real processes: worker service with its worker processes, host with a Chromium for each account, Valkey, Postgres or
SQLite; texts and files are accepted by REST and counted by the phones of the sandbox, at the instant at which they see
them. A file that could not go out again after its browser died is no loss when its sender is told.
"""

from __future__ import annotations

import asyncio
import os
import random
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import pytest

from session_core.store.migrate import upgrade_async
from tests.chaos.fleet import LONG, Faults, Fleet, report
from tests.servers.databases import copy_sqlite, in_database
from tests.servers.postgres import PostgresServer, running_postgres_server
from tests.servers.site import Site, running_site
from tests.waiting import eventually


@dataclass(frozen=True)
class Limits:
    """What may go out in any window."""

    per_account: int
    per_user: int
    window: timedelta


def product(window: timedelta) -> Limits:
    """Return the product's own limits, in a window of this length."""
    return Limits(10, 30, window)


SEED = int(os.environ.get("CHAOS_SEED", "1"))

SHORT = {"worker process": 3, "host": 1, "valkey": 1, "postgres": 1}
FULL = {"worker process": 16, "worker service": 3, "host": 2, "valkey": 3, "postgres": 3}


@asynccontextmanager
async def installation(
    folder: Path, limits: Limits, sqlite_template: Path | None, workers: int
) -> AsyncIterator[tuple[Site, PostgresServer | None]]:
    """Run everything but a host, on a copy of the SQLite file, or on a Postgres of its own that may be killed."""
    env = {
        "WHAHOOK_RATE_WINDOW": f"{limits.window.total_seconds():g}s",
        "WHAHOOK_MESSAGES_PER_ACCOUNT": str(limits.per_account),
        "WHAHOOK_MESSAGES_PER_USER": str(limits.per_user),
        "WHAHOOK_SEND_TIMEOUT": "10s",
        "WHAHOOK_LEASE": "5s",
        "WHAHOOK_WORKERS": str(workers),
        # The host reads what the API has taken in.
        "WHAHOOK_MEDIA_DIR": str(folder / "web" / "media"),
    }
    if sqlite_template is not None:
        async with running_site(folder, copy_sqlite(sqlite_template, folder / "whahook.db"), **env) as site:
            yield site, None
        return
    # What a server that is killed has confirmed must be there afterwards.
    with running_postgres_server(folder, synchronous_commit="on") as postgres:
        url = in_database(postgres.url, "whahook")
        await upgrade_async(url)
        async with running_site(folder, url, **env) as site:
            yield site, postgres


async def send_through(
    site: Site,
    postgres: PostgresServer | None,
    limits: Limits,
    shape: tuple[int, ...],
    goal: int,
    kills: dict[str, int],
) -> None:
    """Let every lane send ``goal`` messages while things are killed, then ask the phones."""
    host = await site.host()
    fleet = await Fleet.link(site, shape, goal)
    faults = Faults(site, host, postgres, random.Random(SEED))
    await asyncio.gather(fleet.write(random.Random(SEED + 1)), faults.spread(fleet, kills))

    patience = LONG + fleet.total * limits.window / limits.per_user
    for line in fleet.lines:
        await eventually(lambda line=line: fleet.done(line), patience, "it is known of all messages")  # type: ignore[misc]
    found = await report(fleet, limits.window)
    killed = ", ".join(f"{count} {kind}" for kind, count in sorted(faults.done.items()))
    where = "postgres" if postgres else "sqlite"
    print(f"\n{where}, {len(fleet.lines)} lanes, {limits}, seed {SEED}\nkilled: {killed}\n{found}")  # noqa: T201
    assert found.accepted == found.arrived + found.told == fleet.total
    assert (found.lost, found.twice, found.out_of_order, found.changed) == (0, 0, 0, 0)
    assert found.most_of_account <= limits.per_account
    assert found.most_of_person <= limits.per_user


@pytest.mark.short
@pytest.mark.timeout(480)
async def test_kills_cost_no_message_and_pass_no_limit(tmp_path: Path) -> None:
    limits = Limits(per_account=5, per_user=10, window=timedelta(seconds=2))
    async with installation(tmp_path, limits, None, workers=2) as (site, postgres):
        await send_through(site, postgres, limits, (3, 1), 20, SHORT)


@pytest.mark.slow
@pytest.mark.timeout(1200)
@pytest.mark.parametrize("database", ["sqlite", "postgres"])
async def test_five_hundred_messages_in_twelve_lanes(database: str, tmp_path: Path, sqlite_template: Path) -> None:
    limits = product(timedelta(seconds=6))
    template = sqlite_template if database == "sqlite" else None
    async with installation(tmp_path, limits, template, workers=4) as (site, postgres):
        await send_through(site, postgres, limits, (5, 5, 2), 45, FULL)


@pytest.mark.slow
@pytest.mark.timeout(2400)
async def test_the_limits_at_their_real_length(tmp_path: Path) -> None:
    limits = product(timedelta(seconds=60))
    async with installation(tmp_path, limits, None, workers=4) as (site, postgres):
        await send_through(site, postgres, limits, (5, 5, 2), 45, FULL)
