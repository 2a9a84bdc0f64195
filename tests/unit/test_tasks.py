from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest
from structlog.testing import capture_logs

from session_core.tasks import RecurringTask, TaskOwner, end, spawn, to_its_end


async def stubborn(times: int) -> None:
    """Swallow ``times`` cancellations, as ``asyncio.wait_for`` of Python 3.11 does now and then."""
    for _ in range(times):
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            continue
    await asyncio.Event().wait()


async def started(times: int) -> asyncio.Task[None]:
    task = spawn(stubborn(times), name="stubborn")
    await asyncio.sleep(0)
    return task


async def test_a_task_that_swallows_cancellations_ends_all_the_same() -> None:
    tasks = [await started(times) for times in (0, 1, 3)]
    assert await end(*tasks) == set()
    assert all(task.cancelled() for task in tasks)


async def test_a_task_that_does_not_end_in_time_is_told() -> None:
    task = await started(1)
    late = await end(task, timeout=timedelta(milliseconds=1))
    assert late == {task}
    assert await end(task) == set()


async def test_what_must_not_be_broken_off_ends_first_and_the_cancellation_counts_then() -> None:
    gate, done = asyncio.Event(), []

    async def work() -> None:
        await gate.wait()
        done.append(True)

    task = spawn(to_its_end(work(), name="work"), name="caller")
    for _ in range(2):
        await asyncio.sleep(0)
        task.cancel()
    await asyncio.sleep(0)
    assert not task.done()
    gate.set()
    await asyncio.wait({task})
    assert task.cancelled()
    assert done


async def test_what_must_not_be_broken_off_gives_its_result_and_its_error() -> None:
    async def work(fails: bool) -> int:
        if fails:
            raise KeyError("no")
        return 7

    assert await to_its_end(work(False), name="work") == 7
    with pytest.raises(KeyError):
        await to_its_end(work(True), name="work")


async def test_an_owner_ends_what_swallows_cancellations() -> None:
    owner = TaskOwner()
    task = spawn(stubborn(2), name="stubborn", owner=owner)
    await asyncio.sleep(0)
    await owner.close()
    assert task.cancelled()


class TestSpawn:
    async def test_a_task_has_its_name_and_its_result(self) -> None:
        async def seven() -> int:
            return 7

        task = spawn(seven(), name="lucky")
        assert task.get_name() == "lucky"
        assert await task == 7

    async def test_an_error_that_nobody_awaits_is_logged(self) -> None:
        async def breaks() -> None:
            raise RuntimeError("on purpose")

        with capture_logs() as lines:
            task = spawn(breaks(), name="broken")
            await asyncio.wait([task])
        assert [(line["event"], line["task"]) for line in lines] == [("task_failed", "broken")]

    async def test_a_cancelled_task_is_no_error(self) -> None:
        with capture_logs() as lines:
            await end(await started(0))
        assert lines == []


class TestTaskOwner:
    async def test_it_forgets_what_is_done_and_ends_the_rest(self) -> None:
        owner = TaskOwner()
        done = spawn(asyncio.sleep(0), name="short", owner=owner)
        await done
        going = spawn(asyncio.Event().wait(), name="long", owner=owner)
        await owner.close()
        assert not done.cancelled()
        assert going.cancelled()

    async def test_a_task_may_close_its_own_owner(self) -> None:
        owner = TaskOwner()
        other = spawn(asyncio.Event().wait(), name="other", owner=owner)

        async def closes() -> str:
            await owner.close()
            return "still here"

        assert await spawn(closes(), name="closer", owner=owner) == "still here"
        assert other.cancelled()

    async def test_what_does_not_end_is_told(self) -> None:
        owner = TaskOwner()
        task = spawn(stubborn(1), name="stubborn", owner=owner)
        await asyncio.sleep(0)
        with capture_logs() as lines:
            await owner.close(timeout=timedelta(milliseconds=1))
        assert [(line["event"], line["task"]) for line in lines] == [("task_did_not_end", "stubborn")]
        await end(task)


class TestRecurringTask:
    """The pause is an hour, so every round but the first was asked for."""

    def recurring(self, fails: bool = False) -> tuple[RecurringTask, asyncio.Queue[int]]:
        rounds: asyncio.Queue[int] = asyncio.Queue()
        count = 0

        async def one_round() -> None:
            nonlocal count
            count += 1
            rounds.put_nowait(count)
            if fails:
                raise RuntimeError("on purpose")

        return RecurringTask(one_round, every=timedelta(hours=1), name="rounds"), rounds

    async def test_the_first_round_comes_at_once_and_others_when_woken(self) -> None:
        task, rounds = self.recurring()
        task.start()
        assert await asyncio.wait_for(rounds.get(), 5) == 1
        task.wake()
        assert await asyncio.wait_for(rounds.get(), 5) == 2
        await task.stop()
        task.wake()
        await asyncio.sleep(0)
        assert rounds.empty()

    async def test_the_pause_ends_by_itself(self) -> None:
        enough = asyncio.Event()
        count = 0

        async def one_round() -> None:
            nonlocal count
            count += 1
            if count == 3:
                enough.set()

        task = RecurringTask(one_round, every=timedelta(milliseconds=1), name="rounds")
        task.start()
        await asyncio.wait_for(enough.wait(), 5)
        await task.stop()

    async def test_a_round_that_fails_is_logged_and_not_the_last(self) -> None:
        task, rounds = self.recurring(fails=True)
        with capture_logs() as lines:
            task.start()
            await asyncio.wait_for(rounds.get(), 5)
            task.wake()
            await asyncio.wait_for(rounds.get(), 5)
            await asyncio.sleep(0)
            await task.stop()
        assert {line["event"] for line in lines} == {"round_failed"}

    async def test_an_outage_is_one_line_without_a_traceback_and_its_end_is_another(self) -> None:
        away, rounds = True, 0
        done = asyncio.Event()

        async def reach_out() -> None:
            nonlocal rounds, away
            rounds += 1
            if away:
                away = rounds < 3
                raise ConnectionRefusedError("nobody listens")
            done.set()

        task = RecurringTask(reach_out, every=timedelta(0), name="reaching", outages=(OSError,))
        with capture_logs() as lines:
            task.start()
            await asyncio.wait_for(done.wait(), 5)
            await asyncio.sleep(0)
            await task.stop()
        assert [line["event"] for line in lines] == ["round_failed", "round_failed_over"]
        assert lines[0]["task"] == "reaching"
        assert "exc_info" not in lines[0]

    async def test_a_wake_up_during_a_round_is_not_lost(self) -> None:
        woken = False
        rounds: asyncio.Queue[None] = asyncio.Queue()

        async def one_round() -> None:
            nonlocal woken
            if not woken:
                woken = True
                task.wake()
            rounds.put_nowait(None)

        task = RecurringTask(one_round, every=timedelta(hours=1), name="rounds")
        task.start()
        for _ in range(2):
            await asyncio.wait_for(rounds.get(), 5)
        await task.stop()

    async def test_starting_twice_is_starting_once_and_stopping_twice_is_no_error(self) -> None:
        task, rounds = self.recurring()
        task.start()
        task.start()
        assert await asyncio.wait_for(rounds.get(), 5) == 1
        await asyncio.sleep(0)
        assert rounds.empty()
        await task.stop()
        await task.stop()
        task.start()
        assert await asyncio.wait_for(rounds.get(), 5) == 2
        await task.stop()
