"""The limiter and the lanes at length: ``python -m benchmarks.limiter --help``.

Real Valkey, SQLite and worker processes; the host is a stand-in that writes every instant of sending down. Prints what
went out against the limits, how far behind the ideal schedule it was, and how long an idle lane takes from "accepted"
to "sent" when WhatsApp itself takes no time.
"""

from __future__ import annotations

import argparse
import asyncio
import random
import statistics
import tempfile
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path

from session_core.core import Core, open_core
from session_core.services.outgoing import send_text
from session_core.settings import Settings
from session_core.store import accounts
from session_core.store.migrate import upgrade_async
from tests.fakes.hosts import RecordingHost
from tests.integration.sending import proof
from tests.integration.sending.lanes import ready_account
from tests.servers.valkey import running_valkey
from tests.waiting import eventually

FOR_EVER = timedelta(hours=1)


@asynccontextmanager
async def fresh_core(directory: Path, url: str, **changes: object) -> AsyncIterator[Core]:
    """Give a core on an empty database and an empty bus."""
    settings = Settings(
        data_dir=directory, database_url_setting=f"sqlite:///{directory / 'bench.db'}", redis_url_setting=url, **changes
    )
    await upgrade_async(settings.database_url)
    async with open_core(settings) as core:
        await core.redis.flushdb()
        yield core


def ideal(instants: list[float], limit: int, window: timedelta) -> float:
    """Return the seconds that so many sends need at least, at no latency."""
    return (len(instants) - 1) // limit * window.total_seconds()


async def limits(directory: Path, url: str, options: argparse.Namespace) -> None:
    """Send as fast as allowed, and kill workers meanwhile when asked to."""
    window = timedelta(seconds=options.window)
    timeout = timedelta(seconds=1 if options.kill_every else 30)
    async with fresh_core(directory, url, rate_window=window, send_timeout=timeout) as core:
        # The user's limit binds the first, both bind the second, in whatever order the lanes come.
        shapes = [(12 * options.rounds, 5), (3, 20 * options.rounds)]
        everybody = await proof.people(core, *shapes * options.pairs)
        latency = proof.random_latency(timedelta(milliseconds=options.latency / 2), seed=1)
        host = await RecordingHost(core, latency=latency).run(*everybody.user_of)
        kills = 0
        with proof.workers(core.settings, directory / "worker.log", options.workers) as service:
            await proof.wake_all(core, everybody)
            chance = random.Random(2)
            while len(host.sent) < everybody.total:
                try:
                    pause = timedelta(seconds=options.kill_every or 1)
                    await proof.all_sent(host, everybody.total, pause)
                except AssertionError:
                    if options.kill_every and (victims := proof.worker_processes(service)):
                        chance.choice(victims).kill()
                        kills += 1
            await proof.all_done(core, everybody.user_of, FOR_EVER)
        await host.stop()
        proof.check_once_and_in_order(host, everybody)
        report(host, everybody, core.settings, kills)


def report(host: RecordingHost, everybody: proof.People, settings: Settings, kills: int) -> None:
    """Print one run."""
    window = settings.rate_window
    by_account = proof.most_in_a_window(host.sent, window, lambda sent: sent.account_id)
    by_user = proof.most_in_a_window(host.sent, window, lambda sent: everybody.user_of[sent.account_id])
    print(f"sent {len(host.sent)} of {everybody.total}, each once and in order; workers killed: {kills}")
    print(
        f"most in any {window.total_seconds():g} s: account {by_account} of {settings.messages_per_account}, ", end=""
    )
    print(f"user {by_user} of {settings.messages_per_user}")
    late = []
    for user_id in set(everybody.user_of.values()):
        instants = sorted(sent.at for sent in host.sent if everybody.user_of[sent.account_id] == user_id)
        least = ideal(instants, settings.messages_per_user, window)
        late.append(instants[-1] - instants[0] - least)
    print(f"behind the ideal schedule at the end: {max(late):.2f} s (worst user); tries {len(host.commands)}")


async def latency(directory: Path, url: str, options: argparse.Namespace) -> None:
    """Measure accepted -> sent on an idle lane."""
    async with fresh_core(directory, url, messages_per_account=10_000, messages_per_user=10_000) as core:
        account_id = await ready_account(core)
        async with core.db.read() as session:
            found = await accounts.get(session, account_id)
        assert found is not None
        host = await RecordingHost(core).run(account_id)
        accepted, sent = [], []
        with proof.workers(core.settings, directory / "worker.log", 2):
            for number in range(options.repeat + 5):
                began = time.monotonic()
                await send_text(core, found[0].user_id, account_id, to="34612345678", text=f"number {number}")
                accepted.append((time.monotonic() - began) * 1000)
                await proof.all_sent(host, number + 1, timedelta(minutes=1))
                sent.append((host.sent[-1].at - began) * 1000)
                await proof.all_done(core, [account_id], timedelta(minutes=1))
                await eventually(lambda: _idle(core), timedelta(minutes=1))
        await host.stop()
        # The first ones wait for the workers to start.
        for name, values in (("accepted", accepted[5:]), ("accepted -> sent", sent[5:])):
            quantiles = statistics.quantiles(values, n=20)
            print(f"{name}: median {statistics.median(values):.1f} ms, 95 % below {quantiles[-1]:.1f} ms")


async def _idle(core: Core) -> bool:
    return not await core.redis.keys("wh:lane:*")


def main() -> None:
    """Run what the command line asks for."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", choices=["limits", "latency"], nargs="?", default="limits")
    parser.add_argument("--window", type=float, default=60, help="seconds (default: the product's 60)")
    parser.add_argument("--pairs", type=int, default=1, help="of users: one with many accounts, one with busy ones")
    parser.add_argument("--rounds", type=int, default=1, help="60 messages a user in each")
    parser.add_argument("--workers", type=int, default=8)
    parser.add_argument("--latency", type=float, default=200, help="longest latency of a send in ms, random")
    parser.add_argument(
        "--kill-every", type=float, default=0, help="seconds, above 2 or so: a new worker takes its time; 0: nobody"
    )
    parser.add_argument("--repeat", type=int, default=50, help="messages for latency")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="whahook-bench-") as folder:
        directory = Path(folder)
        with running_valkey(directory / "valkey") as url:
            asyncio.run({"limits": limits, "latency": latency}[options.what](directory, url, options))


if __name__ == "__main__":
    main()
