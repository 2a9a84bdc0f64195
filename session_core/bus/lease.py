"""Which host holds an account. A lease runs out by itself; its fencing number tells an old holder from the new one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from session_core.bus import keys
from session_core.bus.connection import RedisClient
from session_core.bus.marks import milliseconds

LEASE = timedelta(seconds=15)
"""How long a silent host keeps its accounts. Renewed at a third of it."""

_ACQUIRE = """
local held = redis.call('GET', KEYS[1])
if held and string.match(held, '^(.*):%d+$') ~= ARGV[1] then return 0 end
local epoch = redis.call('INCR', KEYS[2])
local above = tonumber(ARGV[3])
if epoch <= above then
  epoch = above + 1
  redis.call('SET', KEYS[2], epoch)
end
redis.call('SET', KEYS[1], ARGV[1] .. ':' .. epoch, 'PX', ARGV[2])
return epoch
"""

_RENEW = """
if redis.call('GET', KEYS[1]) ~= ARGV[1] then return 0 end
redis.call('PEXPIRE', KEYS[1], ARGV[2])
return 1
"""

_REGAIN = """
if redis.call('EXISTS', KEYS[1]) == 1 then return 0 end
local last = redis.call('GET', KEYS[2])
if last and last ~= ARGV[3] then return 0 end
redis.call('SET', KEYS[2], ARGV[3])
redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[2])
return 1
"""

_SHORTEN = """
for _, key in ipairs(KEYS) do
  if redis.call('PTTL', key) > tonumber(ARGV[1]) then redis.call('PEXPIRE', key, ARGV[1]) end
end
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


async def acquire(
    redis: RedisClient, account_id: UUID, host_id: str, ttl: timedelta = LEASE, *, above: int = 0
) -> Lease | None:
    """Take the account's lease, or None when another host holds it.

    A host that comes back under its own name (same data folder) takes its leases over at once, with a new epoch.

    Args:
        redis: the bus.
        account_id: the account.
        host_id: who wants it.
        ttl: how long it lasts without renewal.
        above: the new epoch is greater than this one, also when the bus has forgotten how far it had counted.
    """
    epoch = await redis.eval(
        _ACQUIRE, 2, keys.lease(account_id), keys.epoch(account_id), host_id, milliseconds(ttl), str(above)
    )
    return Lease(account_id, host_id, int(epoch)) if epoch else None


async def renew(redis: RedisClient, lease: Lease, ttl: timedelta = LEASE) -> bool:
    """Keep the lease for another ``ttl``; False when it is lost."""
    return bool(await redis.eval(_RENEW, 1, keys.lease(lease.account_id), lease.value, milliseconds(ttl)))


async def regain(redis: RedisClient, lease: Lease, ttl: timedelta = LEASE) -> bool:
    """Take a lease that ran out up again under the same epoch; False when anybody had the account in between."""
    return bool(
        await redis.eval(
            _REGAIN,
            2,
            keys.lease(lease.account_id),
            keys.epoch(lease.account_id),
            lease.value,
            milliseconds(ttl),
            str(lease.epoch),
        )
    )


async def release(redis: RedisClient, lease: Lease) -> None:
    """Give the lease back, unless somebody else has it by now."""
    await redis.eval(_RELEASE, 1, keys.lease(lease.account_id), lease.value)


async def held_as(redis: RedisClient, account_id: UUID) -> str | None:
    """Return the lease that is on the account now, as `Lease.value` has it; it changes with every new holder."""
    value: str | None = await redis.get(keys.lease(account_id))
    return value


async def holders(redis: RedisClient, account_ids: Sequence[UUID]) -> dict[UUID, str]:
    """Return the ids of the hosts that hold the accounts; those that nobody holds are missing."""
    if not account_ids:
        return {}
    values = await redis.mget([keys.lease(account_id) for account_id in account_ids])
    return {account_id: host_of(value) for account_id, value in zip(account_ids, values, strict=True) if value}


async def shorten(redis: RedisClient, account_ids: Sequence[UUID], ttl: timedelta = LEASE) -> None:
    """Let leases that would last longer than any last for ``ttl`` from now on, unless they are renewed.

    The server's clock was set back since they were taken: those of a dead host would last for as long as it was wrong.
    """
    if account_ids:
        names = [keys.lease(account_id) for account_id in account_ids]
        await redis.eval(_SHORTEN, len(names), *names, milliseconds(ttl))


def host_of(value: str) -> str:
    """Return the id of the host in a lease's value."""
    return value.rpartition(":")[0]


async def holder(redis: RedisClient, account_id: UUID) -> str | None:
    """Return the id of the host that holds the account."""
    value = await held_as(redis, account_id)
    return host_of(value) if value else None
