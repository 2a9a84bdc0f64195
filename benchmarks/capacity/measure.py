"""One contestant through one measuring: link, start one, look at it, start four, look at them."""

from __future__ import annotations

import asyncio
import statistics
from collections.abc import Sequence
from dataclasses import dataclass, field

import psutil

from benchmarks.capacity import reading
from benchmarks.capacity.contestants import Contestant

MANY = 4
SAMPLES = 3


@dataclass(frozen=True)
class Pace:
    """How long and how often is looked.

    Attributes:
        settle: seconds after ready until it is looked at: a page that has just started holds some 80 MB more, until
            V8 finds the time to tidy up, 30 to 45 seconds later.
        window: seconds over which CPU time is counted, and memory sampled.
        starts: how often sessions are started; the last start is looked at.
    """

    settle: float = 60
    window: float = 30
    starts: int = 3


@dataclass(frozen=True, slots=True)
class Seen:
    """What ran in a window: memory as the median of the samples, CPU as seconds in one second."""

    browsers: reading.Reading
    everything: reading.Reading
    walled_in: bool


@dataclass
class Result:
    """What was measured of a contestant.

    Attributes:
        alone: with one session.
        many: with `MANY` sessions.
        start_one: milliseconds from the wish to ready, one value a start.
        start_many: the same until the last of `MANY` that were wished together.
    """

    alone: Seen
    many: Seen
    start_one: list[float] = field(default_factory=list)
    start_many: list[float] = field(default_factory=list)

    def marginal(self, value: str, whose: str = "browsers") -> float:
        """Return what one session more takes: ``pss`` or ``own`` in bytes, ``cpu`` in seconds a second."""
        alone, many = (getattr(getattr(seen, whose), value) for seen in (self.alone, self.many))
        return float(many - alone) / (MANY - 1)


async def measure(contestant: Contestant, pace: Pace) -> Result:
    """Measure one contestant; it runs nothing before and nothing afterwards."""
    await contestant.link(MANY)
    start_one, alone = await _sessions(contestant, [0], pace)
    start_many, many = await _sessions(contestant, range(MANY), pace)
    return Result(alone, many, start_one, start_many)


async def _sessions(contestant: Contestant, numbers: Sequence[int], pace: Pace) -> tuple[list[float], Seen]:
    took = []
    for number in range(pace.starts):
        took.append(await contestant.start(numbers))
        if number + 1 < pace.starts:
            await contestant.stop()
    await asyncio.sleep(pace.settle)
    seen = await _look(contestant, pace.window)
    await contestant.stop()
    return took, seen


async def _look(contestant: Contestant, window: float) -> Seen:
    processes = contestant.processes()
    browsers = reading.browsers(processes)
    pages = [await _sample(browsers, processes)]
    for _ in range(SAMPLES - 1):
        await asyncio.sleep(window / (SAMPLES - 1))
        pages.append(await _sample(browsers, processes))
    return Seen(
        browsers=_over([one for one, _ in pages], window),
        everything=_over([one for _, one in pages], window),
        walled_in=reading.walled_in(browsers),
    )


async def _sample(
    browsers: list[psutil.Process], everything: list[psutil.Process]
) -> tuple[reading.Reading, reading.Reading]:
    return await asyncio.to_thread(reading.read, browsers), await asyncio.to_thread(reading.read, everything)


def _over(samples: list[reading.Reading], window: float) -> reading.Reading:
    return reading.Reading(
        count=samples[-1].count,
        pss=int(statistics.median(one.pss for one in samples)),
        own=int(statistics.median(one.own for one in samples)),
        cpu=(samples[-1].cpu - samples[0].cpu) / window,
    )
