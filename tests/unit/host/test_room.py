from __future__ import annotations

import asyncio
from pathlib import Path

from session_core.host.room import SESSION_BYTES, Room, cgroup_available
from session_core.tasks import spawn


def nothing() -> None:
    return None


async def until_asleep() -> None:
    """Let every task run until it waits for something that only the test brings about."""
    for _ in range(5):
        await asyncio.sleep(0)


async def test_places_are_given_in_the_order_of_asking() -> None:
    room = Room(1)
    order: list[str] = []
    waited: list[str] = []
    leave = {name: asyncio.Event() for name in "abc"}

    async def live(name: str) -> None:
        async with room.place(lambda: waited.append(name)):
            order.append(name)
            await leave[name].wait()

    lives = [spawn(live(name), name=name) for name in "abc"]
    await until_asleep()
    assert (order, waited, room.taken, room.left) == (["a"], ["b", "c"], 1, 0)
    leave["a"].set()
    await until_asleep()
    assert order == ["a", "b"]
    leave["b"].set()
    leave["c"].set()
    await asyncio.gather(*lives)
    assert order == ["a", "b", "c"]
    assert (room.taken, room.left) == (0, 1)


async def test_who_gives_up_waiting_lets_the_next_one_in() -> None:
    room = Room(1)
    entered = asyncio.Event()

    async def live() -> None:
        async with room.place(nothing):
            entered.set()

    async with room.place(nothing):
        first = spawn(live(), name="first")
        second = spawn(live(), name="second")
        await until_asleep()
        first.cancel()
        await until_asleep()
        assert not entered.is_set()
    await second
    assert entered.is_set()
    assert room.taken == 0


async def test_without_a_limit_the_memory_decides_and_young_sessions_count_whole() -> None:
    room = Room(0, memory=lambda: int(2.5 * SESSION_BYTES))
    assert room.left == 2
    async with room.place(nothing) as seat:
        assert room.left == 1
        seat.has_grown()
        assert room.left == 2
        seat.is_empty()
        assert room.left == 1
    assert (room.left, room.taken) == (2, 0)


class Machine:
    """Memory for some sessions, of which each takes its part only when it grows, and what lives on it."""

    def __init__(self, sessions: int) -> None:
        self.free = sessions
        self.room = Room(0, memory=lambda: self.free * SESSION_BYTES)
        self.inside: list[int] = []
        self.waited: list[int] = []
        self.grow = [asyncio.Event() for _ in range(10)]
        self.leave = [asyncio.Event() for _ in range(10)]

    async def live(self, number: int) -> None:
        async with self.room.place(lambda: self.waited.append(number)) as seat:
            self.inside.append(number)
            try:
                await self.grow[number].wait()
                self.free -= 1
                seat.has_grown()
                await self.leave[number].wait()
                self.free += 1
            finally:
                self.inside.remove(number)


async def test_only_as_many_are_let_in_as_there_is_memory_for() -> None:
    machine = Machine(2)
    lives = [spawn(machine.live(number), name=f"life-{number}") for number in range(5)]
    await until_asleep()
    assert (machine.inside, machine.waited, machine.room.waiting) == ([0, 1], [2, 3, 4], 3)
    machine.grow[0].set()
    await until_asleep()
    assert machine.inside == [0, 1], "what it was let in for is taken now"
    machine.leave[0].set()
    await until_asleep()
    assert machine.inside == [1, 2]
    for event in (*machine.grow, *machine.leave):
        event.set()
    await asyncio.gather(*lives)
    assert (machine.room.taken, machine.room.waiting, machine.room.left) == (0, 0, 2)


async def test_with_room_for_one_the_line_is_looked_at_again_when_that_one_has_grown() -> None:
    machine = Machine(1)
    lives = [spawn(machine.live(number), name=f"life-{number}") for number in range(3)]
    await until_asleep()
    assert machine.inside == [0]
    # It took less than was planned for, or something else became free.
    machine.free += 1
    machine.grow[0].set()
    await until_asleep()
    assert machine.inside == [0, 1]
    for life in lives:
        life.cancel()
    await asyncio.gather(*lives, return_exceptions=True)
    assert (machine.room.taken, machine.room.waiting) == (0, 0)


async def test_a_start_that_ends_or_is_broken_off_lets_the_next_one_in() -> None:
    machine = Machine(1)
    lives = [spawn(machine.live(number), name=f"life-{number}") for number in range(3)]
    await until_asleep()
    for number in (0, 1):
        assert machine.inside == [number]
        lives[number].cancel()
        await until_asleep()
    assert machine.inside == [2]
    lives[2].cancel()
    await asyncio.gather(*lives, return_exceptions=True)
    assert (machine.room.taken, machine.room.left) == (0, 1)


async def test_the_room_of_a_browser_that_is_replaced_is_kept_for_the_next_one() -> None:
    machine = Machine(1)
    waiting = None
    async with machine.room.place(nothing) as seat:
        machine.free -= 1
        seat.has_grown()
        waiting = spawn(machine.live(0), name="waiting")
        # Its browser ends, and with it goes what it held.
        seat.is_empty()
        machine.free += 1
        await until_asleep()
        assert machine.inside == []
    await until_asleep()
    assert machine.inside == [0]
    waiting.cancel()
    await asyncio.gather(waiting, return_exceptions=True)


def cgroup(folder: Path, limit: str, used: int, cached: int = 0) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "memory.max").write_text(limit + "\n")
    (folder / "memory.current").write_text(f"{used}\n")
    (folder / "memory.stat").write_text(f"anon 1\ninactive_file {cached}\n")


def test_the_tightest_control_group_counts(tmp_path: Path) -> None:
    own = tmp_path / "own"
    own.write_text("0::/outer/inner\n")
    cgroup(tmp_path / "cg", "max", 0)
    cgroup(tmp_path / "cg" / "outer", "1000", 700, cached=100)
    cgroup(tmp_path / "cg" / "outer" / "inner", "5000", 600)
    assert cgroup_available(tmp_path / "cg", own) == 400


def test_no_limit_and_no_control_groups_are_no_limit(tmp_path: Path) -> None:
    own = tmp_path / "own"
    assert cgroup_available(tmp_path, own) is None
    own.write_text("1:memory:/x\n")
    assert cgroup_available(tmp_path, own) is None
    own.write_text("0::/x\n")
    cgroup(tmp_path / "x", "max", 5)
    assert cgroup_available(tmp_path, own) is None
