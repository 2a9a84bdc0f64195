"""The proof of the limiter: real workers, random latencies, and every instant of sending written down."""

from __future__ import annotations

import random
from collections import defaultdict
from collections.abc import Callable, Hashable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from pathlib import Path
from uuid import UUID

import psutil

from session_core.bus import keys
from session_core.bus.lanes import mark_due
from session_core.core import Core
from session_core.settings import Settings
from tests import factories
from tests.fakes.hosts import RecordingHost, Sent
from tests.integration.sending.lanes import environment, fill, ready_account, statuses
from tests.servers.processes import start_service, stop
from tests.waiting import eventually

WORKERS = 8


@dataclass(frozen=True)
class People:
    """Who sends how much."""

    user_of: dict[UUID, UUID]
    texts_of: dict[UUID, list[str]]

    @property
    def total(self) -> int:
        return sum(map(len, self.texts_of.values()))


async def people(core: Core, *shapes: tuple[int, int]) -> People:
    """Store one user for each ``(accounts, messages per account)``, with full lanes."""
    user_of: dict[UUID, UUID] = {}
    texts_of: dict[UUID, list[str]] = {}
    for accounts, messages in shapes:
        user_id = await factories.add_user(core.db)
        for _ in range(accounts):
            account_id = await ready_account(core, user_id)
            user_of[account_id] = user_id
            texts_of[account_id] = await fill(core, account_id, messages)
    return People(user_of, texts_of)


async def wake_all(core: Core, everybody: People) -> None:
    """Mark every lane."""
    for account_id in everybody.user_of:
        await mark_due(core.redis, account_id)


def random_latency(longest: timedelta, seed: int) -> Callable[[], float]:
    """Return a function that gives seconds between nothing and ``longest``."""
    chance = random.Random(seed)
    return lambda: chance.uniform(0, longest.total_seconds())


@contextmanager
def workers(settings: Settings, log: Path, count: int = WORKERS) -> Iterator[psutil.Process]:
    """Run the worker service with ``count`` worker processes."""
    service = start_service("worker", env=environment(settings, WHAHOOK_WORKERS=str(count)), log=log)
    try:
        yield psutil.Process(service.pid)
    finally:
        stop(service)


def worker_processes(service: psutil.Process) -> list[psutil.Process]:
    """Return the processes that take jobs now."""
    return [child for child in service.children() if child.status() != psutil.STATUS_ZOMBIE]


async def all_sent(host: RecordingHost, total: int, timeout: timedelta) -> None:
    """Wait until ``total`` texts went out; their rows may not say so yet."""
    await eventually(lambda: len(host.sent) >= total, timeout, "all messages are sent")


async def all_done(core: Core, account_ids: Iterable[UUID], timeout: timedelta) -> None:
    """Wait until every message of the accounts is done, in the store as well."""

    async def done(account_id: UUID) -> bool:
        return all(status.done for status in await statuses(core, account_id))

    for account_id in account_ids:
        await eventually(partial(done, account_id), timeout, "every message is done")


def most_in_a_window(sent: list[Sent], window: timedelta, key: Callable[[Sent], Hashable]) -> int:
    """Return the highest number of sends of one ``key`` in any window, at the instants of sending."""
    instants: dict[Hashable, list[float]] = defaultdict(list)
    for one in sent:
        instants[key(one)].append(one.at)
    most = 0
    for times in instants.values():
        times.sort()
        first = 0
        for last, at in enumerate(times):
            while at - times[first] >= window.total_seconds():
                first += 1
            most = max(most, last - first + 1)
    return most


def check_limits(host: RecordingHost, everybody: People, settings: Settings) -> None:
    """Fail when more than allowed went out in any window."""
    by_account = most_in_a_window(host.sent, settings.rate_window, lambda sent: sent.account_id)
    by_user = most_in_a_window(host.sent, settings.rate_window, lambda sent: everybody.user_of[sent.account_id])
    assert by_account <= settings.messages_per_account
    assert by_user <= settings.messages_per_user


async def check_no_place_wasted(core: Core, host: RecordingHost, everybody: People) -> None:
    """Fail when a reservation did not become a send: a try without one, or a place that nothing went out for."""
    assert len(host.commands) == len(host.sent)
    sent = {str(one.message_id) for one in host.sent}
    seconds, microseconds = await core.redis.time()
    now = seconds * 1000 + microseconds / 1000
    for account_id, user_id in everybody.user_of.items():
        for key in (keys.rate_of_account(user_id, account_id), keys.rate_of_user(user_id)):
            entries = await core.redis.zrange(key, 0, -1, withscores=True)
            taken = [member.partition(":")[0] for member, _ in entries]
            assert taken, "the last sends count for one window and are kept longer"
            assert len(set(taken)) == len(taken)
            assert set(taken) <= sent
            assert max(score for _, score in entries) <= now, "a reservation was neither committed nor given back"


def check_once_and_in_order(host: RecordingHost, everybody: People) -> None:
    """Fail when a text is missing, came twice or too early."""
    sent_of: dict[UUID, list[str]] = defaultdict(list)
    for sent in host.sent:
        sent_of[sent.account_id].append(sent.text)
    assert dict(sent_of) == everybody.texts_of
