"""Logins of accounts that are gone: another host deleted the account while the one with the login was away."""

from __future__ import annotations

import structlog

from session_core.core import Core
from session_core.domain.ids import parse_session_id
from session_core.errors import WhahookError
from session_core.host.profiles import LocalProfiles
from session_core.store import accounts
from session_core.store.errors import STORE_ERRORS

log = structlog.get_logger(__name__)


async def reap(core: Core, profiles: LocalProfiles) -> list[str]:
    """Remove the logins of deleted accounts from this host's disk. What cannot be removed is left to the next start.

    Only those of people whom the database knows: with another database, or an empty one, nothing here is known, and
    nothing is removed.

    Returns:
        The session ids whose logins were removed.
    """
    named = {parsed: name for name in await profiles.names() if (parsed := parse_session_id(name)) is not None}
    try:
        async with core.db.read() as session:
            gone = await accounts.purged(session, named)
    except STORE_ERRORS as error:
        log.warning("logins_not_compared", error=repr(error))
        return []
    removed = []
    for name in sorted(named[pair] for pair in gone):
        try:
            await profiles.remove(name)
        except (WhahookError, OSError) as error:
            log.warning("profile_not_removed", session=name, error=repr(error))
        else:
            log.info("login_of_deleted_account_removed", session=name)
            removed.append(name)
    return removed
