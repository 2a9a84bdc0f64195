"""How much of the rate limits is used now: for looking at. Who may send is decided by the limiter alone."""

from __future__ import annotations

from collections.abc import Awaitable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, cast
from uuid import UUID

from session_core.bus import keys
from session_core.bus.connection import RedisClient

_COUNT = """
local t = redis.call('TIME')
local since = t[1] * 1000 + math.floor(t[2] / 1000) - tonumber(ARGV[1])
return {redis.call('ZCOUNT', KEYS[1], since, '+inf'), redis.call('ZCOUNT', KEYS[2], since, '+inf')}
"""
"""Counted as ``acquire.lua`` counts: what was sent within a window by the server's clock, and what is under way."""


@dataclass(frozen=True, slots=True)
class Used:
    """Sends in the last rate window, of one account and of all accounts of its user."""

    account: int
    user: int


async def used(redis: RedisClient, user_id: UUID, account_id: UUID, window: timedelta) -> Used:
    """Return how many places of the limits are taken now."""
    of_account, of_user = keys.rate_of_account(user_id, account_id), keys.rate_of_user(user_id)
    milliseconds = str(int(window / timedelta(milliseconds=1)))
    answer = await cast("Awaitable[Any]", redis.eval(_COUNT, 2, of_account, of_user, milliseconds))
    return Used(int(answer[0]), int(answer[1]))
