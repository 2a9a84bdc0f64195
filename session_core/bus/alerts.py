"""What the processes that look for problems share: whose turn it is, which hosts are missing, which jobs wait.

All of it may be lost: what was told to whom is in the database.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime, timedelta
from uuid import UUID

from session_core.bus import keys, marks
from session_core.bus.connection import RedisClient

_KEEP_UNTIL_NEXT = """
if redis.call('GET', KEYS[1]) ~= ARGV[1] then return 0 end
return redis.call('PEXPIRE', KEYS[1], ARGV[2])
"""


async def begin_round(redis: RedisClient, token: str, ttl: timedelta) -> bool:
    """Take the turn to look for problems; False while another process has it, or had it a moment ago.

    Args:
        redis: the bus.
        token: who takes it.
        ttl: how long it stays taken when this process dies.
    """
    return await marks.put(redis, keys.ALERTS_ROUND, ttl, value=token)


async def end_round(redis: RedisClient, token: str, rest: timedelta) -> None:
    """Give the turn back after ``rest``, unless it ran out and is somebody else's."""
    await redis.eval(_KEEP_UNTIL_NEXT, 1, keys.ALERTS_ROUND, token, str(max(1, int(rest / timedelta(milliseconds=1)))))


async def missing_since(
    redis: RedisClient, holders: Collection[str], alive: Collection[str], now: datetime
) -> dict[str, datetime]:
    """Return the hosts that should be there and are not, and since when that is known.

    Args:
        redis: the bus.
        holders: hosts that hold accounts.
        alive: hosts that were heard of lately.
        now: the time.
    """
    missing = sorted(set(holders) - set(alive))
    # A clock that was set back since: then it counts from now on.
    noted = {
        host: min(datetime.fromisoformat(at), now) for host, at in (await redis.hgetall(keys.HOSTS_MISSING)).items()
    }
    over = [host for host in noted if host not in missing]
    async with redis.pipeline(transaction=True) as pipe:
        if over:
            pipe.hdel(keys.HOSTS_MISSING, *over)
        for host in missing:
            pipe.hset(keys.HOSTS_MISSING, host, noted.get(host, now).isoformat())
        await pipe.execute()
    return {host: noted.get(host, now) for host in missing}


async def mark_queued(redis: RedisClient, alert_ids: Sequence[UUID], ttl: timedelta) -> list[UUID]:
    """Return those for which no job waits, and note that one does from now on, for at most ``ttl``."""
    marked = await marks.put_each(redis, [keys.alert_mail_queued(alert_id) for alert_id in alert_ids], ttl)
    return [alert_id for alert_id, new in zip(alert_ids, marked, strict=True) if new]


async def taken(redis: RedisClient, alert_id: UUID) -> None:
    """Note that the job of this alert has begun."""
    await redis.delete(keys.alert_mail_queued(alert_id))


async def time_to_tidy(redis: RedisClient, every: timedelta) -> bool:
    """Tell once in ``every`` that old alerts should be deleted."""
    return await marks.put(redis, keys.ALERTS_TIDIED, every)
