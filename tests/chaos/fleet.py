"""Many lanes of several people that send texts and files while everything around them is killed, and what their phones
saw of it."""

from __future__ import annotations

import asyncio
import itertools
import os
import random
import subprocess
from collections import Counter
from collections.abc import Awaitable, Callable, Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import timedelta

import httpx
import psutil

from tests.chaos.windows import most_in_a_window
from tests.files import picture
from tests.servers.postgres import PostgresServer
from tests.servers.services import HostProcess
from tests.servers.site import FRIEND, Line, Site
from tests.waiting import eventually

LONG = timedelta(minutes=3)
AWAY = (0.0, 1.0)
"""Seconds that a killed server stays away."""

A_FILE_IN = 3
"""Every so many messages one is a file."""

FILE_SIZE = 150_000
ARRIVED = {"server", "device", "read"}


@dataclass
class Fleet:
    """The lanes of all people.

    Attributes:
        people: for each person the lanes, in no particular order.
        goal: messages that each lane shall send.
        files: what each file holds, by its caption.
    """

    people: list[list[Line]]
    goal: int
    files: dict[str, bytes] = field(default_factory=dict)

    @classmethod
    async def link(cls, site: Site, shape: Sequence[int], goal: int) -> Fleet:
        """Make one person for each number in ``shape``, with so many accounts, and link each account to a phone."""
        numbers = itertools.count(34_600_200_001)
        owners = [site, *[await site.neighbour(f"Person{count}") for count in range(1, len(shape))]]
        people = [
            [await owner.account(str(next(numbers)), f"Line {count}") for count in range(lines)]
            for owner, lines in zip(owners, shape, strict=True)
        ]
        await asyncio.gather(*(line.scan() for lines in people for line in lines))
        return cls(people, goal)

    @property
    def lines(self) -> list[Line]:
        """All lanes."""
        return [line for lines in self.people for line in lines]

    @property
    def total(self) -> int:
        """Messages that shall be sent."""
        return len(self.lines) * self.goal

    async def write(self, chance: random.Random) -> None:
        """Hand every lane its messages, one after the other, whatever happens meanwhile."""

        async def one(line: Line) -> None:
            for number in range(self.goal):
                if number % A_FILE_IN == 1:
                    await self._send_file(line, f"{line.phone.number} file {number}", chance)
                else:
                    await line.send(f"{line.phone.number} text {number}")
                await asyncio.sleep(chance.uniform(0, 0.2))

        await asyncio.gather(*(one(line) for line in self.lines))

    async def _send_file(self, line: Line, caption: str, chance: random.Random) -> None:
        kind = chance.choice(["document", "image"])
        content = picture("JPEG") if kind == "image" else os.urandom(FILE_SIZE)

        async def taken() -> httpx.Response | None:
            answer = await line.site.api.post("/media", files={"file": (f"{kind}.bin", content)})
            return None if answer.status_code == 503 else answer

        answer = await eventually(taken, LONG, "a file is taken")
        assert answer.is_success, answer.text
        self.files[caption] = content
        body = {"to": f"+{FRIEND}", "type": kind, "mediaId": answer.json()["id"], "caption": caption}
        await line.site.post(f"/accounts/{line.id}/messages", **body)
        line.sent.append(caption)

    async def done(self, line: Line) -> bool:
        """Tell whether the API knows what became of each of a lane's messages: a file has left when WhatsApp has it."""
        statuses = await line.outgoing()
        return len(statuses) == self.goal and all(
            status in ARRIVED | {"failed"} if text in self.files else status in ARRIVED | {"sent"}
            for text, status in statuses
        )

    async def arrived(self) -> int:
        """Return how many messages the phones have seen leave."""
        return sum([len(await line.phone.received()) for line in self.lines])


@dataclass(frozen=True)
class Report:
    """What the phones saw.

    Attributes:
        told: files of which the API says that they failed: their browser died before they were uploaded.
        changed: files that arrived with other bytes.
        most_of_account, most_of_person: sends in any window by the phones' clock.
    """

    accepted: int
    files: int
    arrived: int
    told: int
    changed: int
    lost: int
    twice: int
    out_of_order: int
    most_of_account: int
    most_of_person: int

    def __str__(self) -> str:
        return (
            f"accepted {self.accepted} ({self.files} files), arrived {self.arrived}, told as failed {self.told}, "
            f"changed {self.changed}, lost {self.lost}, twice {self.twice}, lanes out of order {self.out_of_order}, "
            f"most in a window: {self.most_of_account} an account, {self.most_of_person} a person"
        )


async def report(fleet: Fleet, window: timedelta) -> Report:
    """Ask the phones what came, how often, when and in which order."""
    lost = twice = out_of_order = most_of_account = most_of_person = arrived = told = changed = 0
    for lines in fleet.people:
        of_person: list[int] = []
        for line in lines:
            seen = await line.phone.received()
            texts = Counter(str(message["text"]) for message in seen)
            failed = {text for text, status in await line.outgoing() if status == "failed"} - set(texts)
            arrived += len(texts)
            told += len(failed & fleet.files.keys())
            lost += len(set(line.sent) - set(texts) - (failed & fleet.files.keys()))
            twice += sum(int(message["times"]) for message in seen) - len(texts)
            out_of_order += [str(message["text"]) for message in seen] != [one for one in line.sent if one in texts]
            for message in seen:
                content = fleet.files.get(str(message["text"]))
                changed += content is not None and await line.phone.file(str(message["id"])) != content
            instants = [at for message in seen for at in message["arrivalsMs"]]
            most_of_account = max(most_of_account, most_in_a_window(instants, window))
            of_person += instants
        most_of_person = max(most_of_person, most_in_a_window(of_person, window))
    accepted = sum(len(line.sent) for line in fleet.lines)
    return Report(
        accepted, len(fleet.files), arrived, told, changed, lost, twice, out_of_order, most_of_account, most_of_person
    )


class Faults:
    """Kills what runs, at moments and in an order that a seed decides."""

    def __init__(self, site: Site, host: HostProcess, postgres: PostgresServer | None, chance: random.Random) -> None:
        self._site = site
        self._host = host
        self._postgres = postgres
        self._chance = chance
        self.done: Counter[str] = Counter()
        self._kinds: dict[str, Callable[[], Awaitable[None]]] = {
            "worker process": self._kill_worker_process,
            "worker service": self._kill_worker_service,
            "host": self._kill_host,
            "valkey": self._kill_valkey,
            "postgres": self._kill_postgres,
        }

    async def spread(self, fleet: Fleet, counts: dict[str, int]) -> None:
        """Do so many of each kind, in a random order, spread over the time in which the fleet sends."""
        order = [kind for kind, count in counts.items() for _ in range(count)]
        if self._postgres is None:
            order = [kind for kind in order if kind != "postgres"]
        self._chance.shuffle(order)
        for number, kind in enumerate(order):
            # The last tenth is left alone: what is killed then may have nothing more to do.
            goal = fleet.total * 9 * number // (10 * len(order))
            await eventually(lambda goal=goal: _at_least(fleet, goal), LONG, f"{goal} messages are out")  # type: ignore[misc]
            await asyncio.sleep(self._chance.uniform(0, 0.5))
            await self._kinds[kind]()
            self.done[kind] += 1

    async def _away(self) -> None:
        await asyncio.sleep(self._chance.uniform(*AWAY))

    async def _kill_worker_process(self) -> None:
        def alive() -> list[psutil.Process]:
            with suppress(psutil.NoSuchProcess):
                return _children(self._site.worker)
            return []

        victim = self._chance.choice(await eventually(alive, LONG, "a worker process runs"))
        with suppress(psutil.NoSuchProcess):
            victim.kill()

    async def _kill_worker_service(self) -> None:
        await asyncio.to_thread(self._site.restart_worker)

    async def _kill_host(self) -> None:
        self._host.kill()
        await self._away()
        await self._host.start()

    async def _kill_valkey(self) -> None:
        await asyncio.to_thread(self._site.valkey.kill)
        await self._away()
        await asyncio.to_thread(self._site.valkey.start)

    async def _kill_postgres(self) -> None:
        assert self._postgres is not None
        await asyncio.to_thread(self._postgres.kill)
        await self._away()
        await asyncio.to_thread(self._postgres.start)


async def _at_least(fleet: Fleet, goal: int) -> bool:
    return await fleet.arrived() >= goal


def _children(service: subprocess.Popen[bytes]) -> list[psutil.Process]:
    children: Iterable[psutil.Process] = psutil.Process(service.pid).children()
    return [child for child in children if child.status() != psutil.STATUS_ZOMBIE]
