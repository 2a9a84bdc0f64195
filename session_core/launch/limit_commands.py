"""``python -m session_core limits``: what the operator allows single users and accounts."""

from __future__ import annotations

from collections.abc import Callable
from uuid import UUID

from session_core.core import Core, open_core
from session_core.errors import FatalError
from session_core.services import limits
from session_core.settings import Settings

Say = Callable[[str], object]


async def change_and_show(
    settings: Settings, user: str | None, account_id: UUID | None, per_window: int | None, *, clear: bool, say: Say
) -> None:
    """Set or take back one limit when somebody is named, then list what is set.

    Raises:
        WhahookError: nothing was changed; the message says why.
    """
    async with open_core(settings) as core:
        if user is not None or account_id is not None:
            await _change(core, user, account_id, per_window, clear=clear)
        found = await limits.show(core)
    window = f"{settings.rate_window.total_seconds():g} s"
    say(f"In general: {settings.messages_per_account} an account and {settings.messages_per_user} a user in {window}.")
    for limit in found:
        whose = f"account {limit.account_id} ({limit.account_name})" if limit.account_id else "all accounts together"
        say(f"{limit.email}: {limit.per_window} for {whose}")


async def _change(
    core: Core, user: str | None, account_id: UUID | None, per_window: int | None, *, clear: bool
) -> None:
    if (user is None) == (account_id is None):
        raise FatalError("Name a user or an account, not both.", code="bad_command")
    if clear == (per_window is not None):
        raise FatalError("Give --per-window N, or --clear.", code="bad_command")
    if user is not None:
        await limits.limit_user(core, user, per_window)
    elif account_id is not None:
        await limits.limit_account(core, account_id, per_window)
