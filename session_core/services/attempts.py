"""How often somebody may try to get in: by address and e-mail when the password is wrong, and by address alone.

Without the bus nobody is counted and nobody is locked out: a password is needed all the same, and a Valkey that is away
must not keep people from the page that tells them so.
"""

from __future__ import annotations

import hashlib
from datetime import timedelta
from typing import Literal
from urllib.parse import urlsplit

import structlog

from session_core.bus import attempts, keys
from session_core.bus.connection import BUS_ERRORS
from session_core.core import Core
from session_core.errors import TooMany
from session_core.settings import Settings

log = structlog.get_logger(__name__)

MAX_FAILURES = 10
FAILURE_WINDOW = timedelta(minutes=15)

_HERE = frozenset({"localhost", "127.0.0.1", "[::1]", "::1"})
_LOOPBACK_NETWORK = "::/64"
"""What `client_address` makes of ``::1``."""

Way = Literal["sign_in", "sign_up"]


def is_operator(address: str, settings: Settings) -> bool:
    """Tell whether a request comes from this machine itself, on a server that is open to nobody else.

    Behind a proxy that was not made known (``WHAHOOK_TRUSTED_PROXY_HOPS``) everybody seems to be on this machine; but
    then people open another address than localhost.
    """
    local = address.startswith("127.") or address == _LOOPBACK_NETWORK
    return local and settings.trusted_proxy_hops == 0 and urlsplit(settings.public_url).hostname in _HERE


async def count_address(core: Core, way: Way, address: str) -> None:
    """Count one more try from an address, before anything is done that costs something.

    Args:
        core: the process's core.
        way: what is tried; each has a limit of its own.
        address: the client's address, an IPv6 one as its /64 network.

    Raises:
        TooMany: 429 ``too_many_from_address``, with the time to wait.
    """
    settings = core.settings
    if way == "sign_in":
        limit, window = settings.sign_ins_per_address, settings.sign_in_window
    else:
        limit, window = settings.sign_ups_per_address, settings.sign_up_window
    if limit == 0 or is_operator(address, settings):
        return
    who = hashlib.sha256(address.encode()).hexdigest()
    try:
        tries, left = await attempts.count(core.redis, keys.tries_of_address(way, who), window)
    except BUS_ERRORS as error:
        log.warning("address_not_counted", way=way, error=repr(error))
        return
    if tries == limit + 1:
        log.warning("address_limited", way=way, address=address)
    if tries > limit:
        raise TooMany("Too many attempts from this address.", code="too_many_from_address", retry_after=left)


def failures_of(address: str, email: str) -> str:
    """Return the counter of the failed sign-ins to an e-mail from an address."""
    return keys.sign_in_failures(hashlib.sha256(f"{address} {email}".encode()).hexdigest())


async def count_failure(core: Core, counter: str) -> None:
    """Count a sign-in before it is tried, so that many at once cannot all slip through; refuse too many.

    Raises:
        TooMany: 429 ``too_many_attempts``.
    """
    try:
        tries, left = await attempts.count(core.redis, counter, FAILURE_WINDOW)
    except BUS_ERRORS as error:
        log.warning("sign_in_not_counted", error=repr(error))
        return
    if tries > MAX_FAILURES:
        raise TooMany("Too many failed attempts.", code="too_many_attempts", retry_after=left)


async def forget_failures(core: Core, counter: str) -> None:
    """Begin to count anew: whoever knows the password has not failed."""
    try:
        await attempts.forget(core.redis, counter)
    except BUS_ERRORS as error:
        log.warning("sign_in_count_not_forgotten", error=repr(error))
