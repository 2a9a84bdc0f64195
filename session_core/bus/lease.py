"""Which host holds an account. A lease runs out by itself; its fencing number tells an old holder from the new one."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from session_core.bus import keys
from session_core.bus.connection import RedisClient

LEASE = timedelta(seconds=15)
"""How long a silent host keeps its accounts. Renewed at a third of it."""

_ACQUIRE = """
local held = redis.call('GET', KEYS[1])
if held and string.match(held, '^(.*):%d+$') ~= ARGV[1] then return 0 end
local epoch = redis.call('INCR', KEYS[2])
redis.call('SET', KEYS[1], ARGV[1] .. ':' .. epoch, 'PX', ARGV[2])
return epoch
"""

_RENEW = """
if redis.call('GET', KEYS[1]) ~= ARGV[1] then return 0 end
redis.call('PEXPIRE', KEYS[1], ARGV[2])
return 1
"""

_RELEASE = """
if redis.call('GET', KEYS[1]) ~= ARGV[1] then return 0 end
redis.call('DEL', KEYS[1])
return 1
"""


@dataclass(frozen=True, slots=True)
class Lease:
    """The right to run an account's browser. ``epoch`` grows with every new holder."""

    account_id: UUID
    host_id: str
    epoch: int

    @property
    def value(self) -> str:
        """What is stored under the key."""
        return f"{self.host_id}:{self.epoch}"


async def acquire(redis: RedisClient, account_id: UUID, host_id: str, ttl: timedelta = LEASE) -> Lease | None:
    """Take the account's lease, or None when another host holds it.

    A host that comes back under its own name (same data folder) takes its leases over at once, with a new epoch.
    """
    epoch = await redis.eval(
        _ACQUIRE, 2, keys.lease(account_id), keys.epoch(account_id), host_id, str(int(ttl.total_seconds() * 1000))
    )
    return Lease(account_id, host_id, int(epoch)) if epoch else None


async def renew(redis: RedisClient, lease: Lease, ttl: timedelta = LEASE) -> bool:
    """Keep the lease for another ``ttl``; False when it is lost."""
    return bool(
        await redis.eval(_RENEW, 1, keys.lease(lease.account_id), lease.value, str(int(ttl.total_seconds() * 1000)))
    )


async def release(redis: RedisClient, lease: Lease) -> None:
    """Give the lease back, unless somebody else has it by now."""
    await redis.eval(_RELEASE, 1, keys.lease(lease.account_id), lease.value)


async def held_as(redis: RedisClient, account_id: UUID) -> str | None:
    """Return the lease that is on the account now, as `Lease.value` has it; it changes with every new holder."""
    value: str | None = await redis.get(keys.lease(account_id))
    return value


def host_of(value: str) -> str:
    """Return the id of the host in a lease's value."""
    return value.rpartition(":")[0]


async def holder(redis: RedisClient, account_id: UUID) -> str | None:
    """Return the id of the host that holds the account."""
    value = await held_as(redis, account_id)
    return host_of(value) if value else None
