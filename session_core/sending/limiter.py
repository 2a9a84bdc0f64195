"""So many messages per account and per user in any window of time, exact at the instant of sending.

Reserve, then commit: a place is taken before the send and counts from the send on, so neither slow sends nor crashes
get more through than allowed. All rules are checked and taken in one step of the server (``acquire.lua``), so no place
is wasted on a message that another rule holds back. Places of a worker that died count until the lease and one window
are over: the error is on the safe side.

Time is the server's, whatever its clock is set to meanwhile (``clock.lua``): what was sent keeps its age through a jump
ahead, and holds nobody up for longer than a window after a jump back.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from uuid import UUID

from session_core.bus import keys
from session_core.bus.connection import RedisClient
from session_core.clock import this_boot, uptime
from session_core.domain.lane import HoldCode
from session_core.sending.policy import limiter_lease
from session_core.settings import Settings
from session_core.store.sending import NO_WORD, Allowed

_RULES = (HoldCode.LIMITER_MEMORY, HoldCode.ACCOUNT_LIMIT, HoldCode.USER_LIMIT)
"""Which rule ``acquire.lua`` names by which number."""

MEMORY_LIFE = timedelta(days=30)
"""How long a user who sends nothing is remembered. Any time above lease + window is correct; asking costs a query."""


def _script(name: str) -> str:
    return Path(__file__).with_name(name).read_text(encoding="utf-8")


def _ms(duration: timedelta) -> int:
    return int(duration / timedelta(milliseconds=1))


@dataclass(frozen=True, slots=True)
class Limits:
    """The rules.

    Attributes:
        per_account: sends of one account in any ``window``.
        per_user: sends of all accounts of one user in any ``window``.
        window: its length.
        lease: how long a reservation of a silent worker counts as a send; longer than any send takes.
    """

    per_account: int
    per_user: int
    window: timedelta
    lease: timedelta

    @classmethod
    def of(cls, settings: Settings, allowed: Allowed = NO_WORD) -> Limits:
        """Return the rules that the settings ask for, unless the operator allows this account or user other ones."""
        return cls(
            allowed.per_account or settings.messages_per_account,
            allowed.per_user or settings.messages_per_user,
            settings.rate_window,
            limiter_lease(settings.send_timeout),
        )


@dataclass(frozen=True, slots=True)
class Permit:
    """The right to send one message once. Commit it when the message is out, refund it when it proved not to be."""

    user_id: UUID
    account_id: UUID
    member: str

    @property
    def keys(self) -> list[str]:
        """The sorted sets of its rules."""
        return [keys.rate_of_account(self.user_id, self.account_id), keys.rate_of_user(self.user_id)]

    @property
    def all_keys(self) -> list[str]:
        """Everything that the scripts look at."""
        return [keys.rate_memory(self.user_id), *self.keys, *map(keys.rate_clock, self.keys)]


@dataclass(frozen=True, slots=True)
class Denied:
    """No place now. ``wait``: when it makes sense to ask again, at most. ``hold``: which rule says so."""

    wait: timedelta
    hold: HoldCode


class MemoryLost(Exception):
    """The server does not know what the user sent: a new user, or the server lost its data. `Limiter.learn` helps."""


def member_of(message_id: UUID, token: str) -> str:
    """Return the name of one try to send a message; each try has its own, or two would share one reservation."""
    return f"{message_id}:{token}"


class Limiter:
    """Hands out permits."""

    def __init__(self, redis: RedisClient, limits: Limits, uptime: Callable[[], float] = uptime) -> None:
        """Prepare.

        Args:
            redis: the bus.
            limits: the rules.
            uptime: seconds by a clock that never jumps, one for all processes of this machine.
        """
        self._redis = redis
        self._limits = limits
        self._uptime = uptime
        self._acquire = redis.register_script(_script("clock.lua") + _script("acquire.lua"))
        self._commit = redis.register_script(_script("clock.lua") + _script("commit.lua"))
        self._learn = redis.register_script(_script("learn.lua"))

    async def acquire(
        self, user_id: UUID, account_id: UUID, member: str, previous: str | None = None
    ) -> Permit | Denied:
        """Reserve one send.

        Args:
            user_id: whose limit.
            account_id: whose limit.
            member: see `member_of`.
            previous: an earlier try of the same message whose end nobody knows; its reservation is taken over.

        Raises:
            MemoryLost: call `learn`, then ask again.
        """
        limits = self._limits
        permit = Permit(user_id, account_id, member)
        granted, wait, rule = await self._acquire(
            keys=permit.all_keys,
            args=[*self._clock(), member, previous or "", limits.per_account, limits.per_user],
        )
        if granted < 0:
            raise MemoryLost
        return permit if granted else Denied(timedelta(milliseconds=wait), _RULES[rule])

    async def commit(self, permit: Permit) -> None:
        """The message is out: count it from now on for one window."""
        await self._commit(keys=permit.all_keys, args=[*self._clock(), permit.member])

    def _clock(self) -> list[str | int]:
        """Return what ``clock.lua`` wants to know."""
        uptime = int(self._uptime() * 1000)
        return [this_boot(), uptime, _ms(self._limits.lease), _ms(self._limits.window), _ms(MEMORY_LIFE)]

    async def refund(self, permit: Permit) -> None:
        """The message proved not to be out: give the place back."""
        async with self._redis.pipeline(transaction=True) as pipe:
            for key in permit.keys:
                pipe.zrem(key, permit.member)
            await pipe.execute()

    async def learn(self, user_id: UUID, hold: timedelta) -> None:
        """Begin to remember the user's sends.

        Args:
            user_id: the user.
            hold: refuse everything for so long, because nobody knows how much of it was sent lately; see
                `session_core.sending.policy.hold_after_loss`.
        """
        await self._learn(keys=[keys.rate_memory(user_id)], args=[_ms(hold), _ms(MEMORY_LIFE)])
