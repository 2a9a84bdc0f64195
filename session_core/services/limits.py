"""What the operator allows single users and accounts.

There is no administrator in the product: whoever can run commands on the server is the operator.
"""

from __future__ import annotations

from uuid import UUID

from session_core.bus import lanes
from session_core.core import Core
from session_core.errors import FatalError, NotFound
from session_core.store import accounts, sending, users
from session_core.store.sending import LimitOf

LARGEST = 100_000


async def show(core: Core) -> list[LimitOf]:
    """Return what is set."""
    async with core.db.read() as session:
        return await sending.limits(session)


async def limit_user(core: Core, email: str, per_window: int | None) -> None:
    """Set what a user may send in a rate window; None: the general limit again.

    Raises:
        FatalError: there is no such user, or it is no sensible number.
    """
    _check(per_window)
    async with core.db.begin() as session:
        user = await users.by_email(session, email.strip().lower())
        if user is None:
            raise FatalError("There is no user with this e-mail.", code="no_such_user")
        await sending.allow_user(session, user.id, per_window)
        concerned = [account.id for account, _ in await accounts.of_user(session, user.id)]
    for account_id in concerned:
        await lanes.mark_due(core.redis, account_id)


async def limit_account(core: Core, account_id: UUID, per_window: int | None) -> None:
    """Set what an account may send in a rate window; None: the general limit again.

    Raises:
        NotFound: there is no such account.
        FatalError: it is no sensible number.
    """
    _check(per_window)
    async with core.db.begin() as session:
        if await accounts.get(session, account_id) is None:
            raise NotFound("account")
        await sending.allow_account(session, account_id, per_window)
    await lanes.mark_due(core.redis, account_id)


def _check(per_window: int | None) -> None:
    if per_window is not None and not 1 <= per_window <= LARGEST:
        raise FatalError(f"A limit is a number from 1 to {LARGEST}.", code="bad_limit")
