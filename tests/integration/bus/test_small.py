"""Heartbeats, codes on screen, pokes."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from uuid import uuid4

from session_core.bus import alerts, attempts, hosts, keys, marks, qr, reconcile
from session_core.bus.connection import RedisClient
from session_core.bus.hosts import Heartbeat
from session_core.clock import utcnow
from session_core.domain.events import Qr
from tests.servers.valkey import ValkeyServer
from tests.waiting import eventually


def heartbeat(host_id: str, age: timedelta = timedelta(0)) -> Heartbeat:
    return Heartbeat(host_id=host_id, at=utcnow() - age, running=1, room_for=2, chromium_sandbox=True)


class TestHosts:
    async def test_those_that_spoke_lately_are_alive(self, redis: RedisClient) -> None:
        now, dead = heartbeat("now"), heartbeat("dead")
        await hosts.beat(redis, now)
        await hosts.beat(redis, dead, timedelta(milliseconds=1))

        async def only_one() -> bool:
            return await hosts.alive(redis) == [now]

        await eventually(only_one)
        assert await hosts.known(redis) == [(now, True), (dead, False)]
        await hosts.leave(redis, "now")
        await hosts.leave(redis, "now")
        assert await hosts.alive(redis) == []

    async def test_the_clock_of_a_host_says_nothing_about_its_life(self, redis: RedisClient) -> None:
        behind = heartbeat("behind", timedelta(hours=1))
        await hosts.beat(redis, behind)
        assert await hosts.alive(redis) == [behind]

    async def test_a_host_that_has_been_dead_for_long_is_forgotten(self, redis: RedisClient) -> None:
        await hosts.beat(redis, heartbeat("old", hosts.FORGET_AFTER), timedelta(milliseconds=1))

        async def forgotten() -> bool:
            return await hosts.known(redis) == []

        await eventually(forgotten)

    async def test_the_bus_tells_its_age(self, redis: RedisClient) -> None:
        assert timedelta(0) <= await hosts.bus_age(redis) < timedelta(days=1)

    async def test_the_latest_word_counts(self, redis: RedisClient) -> None:
        await hosts.beat(redis, heartbeat("a"))
        latest = heartbeat("a").model_copy(update={"running": 7, "warnings": ["no sandbox"]})
        await hosts.beat(redis, latest)
        assert await hosts.alive(redis) == [latest]

    async def test_a_host_of_another_version_does_not_hide_the_others(self, redis: RedisClient) -> None:
        await redis.hset(keys.HOSTS, "future", '{"hello": "world"}')
        known = heartbeat("a")
        await hosts.beat(redis, known)
        assert await hosts.alive(redis) == [known]


def code(life: timedelta) -> Qr:
    now = utcnow()
    return Qr(code="2@secret", png="data:image/png;base64,AAAA", shown_at=now, expires_at=now + life, number=1)


class TestQr:
    async def test_the_code_on_screen_is_found(self, redis: RedisClient) -> None:
        shown, other, without = uuid4(), uuid4(), uuid4()
        first, second = code(timedelta(seconds=60)), code(timedelta(seconds=60))
        await qr.keep(redis, shown, code(timedelta(seconds=60)))
        await qr.keep(redis, shown, first)
        await qr.keep(redis, other, second)
        assert await qr.current(redis, [shown, without, other]) == {shown: first, other: second}
        assert await qr.current(redis, []) == {}
        await qr.forget(redis, shown)
        assert await qr.current(redis, [shown, other]) == {other: second}

    async def test_it_is_gone_when_it_expires(self, redis: RedisClient) -> None:
        account_id = uuid4()
        await qr.keep(redis, account_id, code(timedelta(seconds=60)))
        assert 0 < await redis.pttl(keys.qr(account_id)) <= 60_000
        await qr.keep(redis, account_id, code(timedelta(seconds=-5)))

        async def gone() -> bool:
            return await qr.current(redis, [account_id]) == {}

        await eventually(gone)

    def test_it_is_not_shown_in_texts(self) -> None:
        assert "secret" not in repr(code(timedelta(seconds=1)))


class TestPokes:
    async def test_a_poke_is_heard(self, redis: RedisClient) -> None:
        pokes: asyncio.Queue[None] = asyncio.Queue()
        listener = reconcile.ReconcileListener(redis, lambda: pokes.put_nowait(None))
        listener.start()
        try:
            await asyncio.wait_for(pokes.get(), 5)  # for what was missed before
            await reconcile.poke(redis)
            await asyncio.wait_for(pokes.get(), 5)
        finally:
            await listener.stop()

    async def test_after_a_crash_of_the_bus_it_looks_again(self, valkey: ValkeyServer, own_redis: RedisClient) -> None:
        pokes: asyncio.Queue[None] = asyncio.Queue()
        listener = reconcile.ReconcileListener(own_redis, lambda: pokes.put_nowait(None))
        listener.start()
        try:
            await asyncio.wait_for(pokes.get(), 5)
            valkey.kill()
            await asyncio.to_thread(valkey.start)
            await asyncio.wait_for(pokes.get(), 10)
        finally:
            await listener.stop()

    async def test_an_error_of_the_host_does_not_make_it_deaf(self, redis: RedisClient) -> None:
        heard = 0

        def fails_first() -> None:
            nonlocal heard
            heard += 1
            if heard == 1:
                raise RuntimeError("on purpose")

        listener = reconcile.ReconcileListener(redis, fails_first)
        listener.start()
        try:
            await eventually(lambda: heard >= 2)
        finally:
            await listener.stop()

    async def test_a_bus_that_is_away_is_no_error_for_who_pokes(self, no_redis: RedisClient) -> None:
        await reconcile.poke(no_redis)


class TestAClockThatIsSetBack:
    """Its server goes on to count by it: what it was to forget soon it keeps for as much longer."""

    HOUR = timedelta(hours=1)

    async def test_a_mark_keeps_others_away_for_its_time_only(self, redis: RedisClient) -> None:
        ttl = timedelta(seconds=5)
        assert await marks.put(redis, "mark", ttl)
        assert not await marks.put(redis, "mark", ttl)
        assert await marks.put_each(redis, ["mark", "other"], ttl) == [False, True]
        await redis.pexpire("mark", self.HOUR)
        assert not await marks.put(redis, "mark", ttl, longest=self.HOUR)
        assert await marks.put(redis, "mark", ttl)
        assert await redis.pttl("mark") <= 5000

    async def test_tries_are_forgotten_in_time(self, redis: RedisClient) -> None:
        minute = timedelta(minutes=1)
        assert (await attempts.count(redis, "tries", minute))[0] == 1
        await redis.pexpire("tries", self.HOUR)
        found, left = await attempts.count(redis, "tries", minute)
        assert (found, left <= minute) == (2, True)

    async def test_a_host_is_missing_from_now_on(self, redis: RedisClient) -> None:
        now = utcnow()
        assert await alerts.missing_since(redis, ["one"], [], now + self.HOUR) == {"one": now + self.HOUR}
        assert await alerts.missing_since(redis, ["one"], [], now) == {"one": now}
        assert await alerts.missing_since(redis, ["one"], [], now + self.HOUR) == {"one": now}
