"""Sign-up, sign-in and sign-out with accounts of our own."""

from __future__ import annotations

import asyncio
import hashlib
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import lru_cache

import structlog
from email_validator import EmailNotValidError, validate_email
from pwdlib import PasswordHash
from pwdlib.hashers.argon2 import Argon2Hasher

from session_core.bus import keys
from session_core.bus.connection import BUS_ERRORS
from session_core.clock import utcnow
from session_core.core import Core
from session_core.domain.text import is_storable, storable
from session_core.errors import Conflict, PolicyError
from session_core.services.principal import Principal, hash_secret, new_token
from session_core.store import users
from session_core.store.errors import AlreadyThere
from session_core.store.models import LoginSession, User

log = structlog.get_logger(__name__)

MIN_PASSWORD = 8
MAX_PASSWORD = 200
"""argon2 reads it all; a limit keeps a sign-in from being a way to burn CPU."""

MAX_NAME = 100

MAX_FAILURES = 10
FAILURE_WINDOW = timedelta(minutes=15)


@lru_cache(maxsize=1)
def _hasher() -> PasswordHash:
    # OWASP's argon2id parameters: 19 MiB, 2 passes, 1 lane; about 40 ms on a small server.
    return PasswordHash((Argon2Hasher(memory_cost=19456, time_cost=2, parallelism=1),))


@lru_cache(maxsize=1)
def _nobodys_hash() -> str:
    return _hasher().hash(new_token())


@dataclass(frozen=True, slots=True)
class SignedIn:
    """A fresh login. ``token`` goes into the cookie and nowhere else."""

    principal: Principal
    token: str = field(repr=False)
    expires_at: datetime


def _clean_email(email: str) -> str:
    try:
        return validate_email(email.strip(), check_deliverability=False).normalized.lower()
    except EmailNotValidError as error:
        raise PolicyError(
            "This is not an e-mail address.", code="bad_email", action=str(error), status_code=422
        ) from None


def _known_as(email: str) -> str:
    """Return the e-mail as it was stored at sign-up; what is no e-mail is nobody's and stays as it is."""
    try:
        return _clean_email(email)
    except PolicyError:
        return email.strip().lower()


def _check_password(password: str) -> None:
    if not MIN_PASSWORD <= len(password) <= MAX_PASSWORD or not is_storable(password):
        raise PolicyError(
            f"A password has {MIN_PASSWORD} to {MAX_PASSWORD} characters.",
            code="bad_password",
            action="Choose a longer one; a sentence is fine.",
            status_code=422,
        )


async def sign_up(core: Core, *, email: str, password: str, name: str, user_agent: str = "") -> SignedIn:
    """Make an account for a person and sign them in.

    Raises:
        PolicyError: 403 ``sign_up_closed``, 422 for a bad e-mail, password or name.
        Conflict: 409 ``email_taken``.
    """
    if core.settings.sign_up == "closed":
        raise PolicyError(
            "New accounts are closed on this server.",
            code="sign_up_closed",
            action="Ask whoever runs it for an account.",
            status_code=403,
        )
    email = _clean_email(email)
    _check_password(password)
    name = storable(name.strip(), MAX_NAME) or email.partition("@")[0][:MAX_NAME]
    password_hash = await asyncio.to_thread(_hasher().hash, password)
    user = User(email=email, name=name, password_hash=password_hash)
    principal = Principal(user.id, email, name, "cookie")
    try:
        async with core.db.begin() as session:
            await users.add(session, user)
    except AlreadyThere:
        raise Conflict(
            "There is an account with this e-mail already.", code="email_taken", action="Sign in instead."
        ) from None
    return await _log_in(core, principal, user_agent)


async def sign_in(core: Core, *, email: str, password: str, address: str, user_agent: str = "") -> SignedIn:
    """Sign a person in.

    Args:
        core: the process's core.
        email: as typed.
        password: as typed.
        address: the client's address, for the limit on failures.
        user_agent: the browser's name, to recognise a login later.

    Raises:
        PolicyError: 401 ``bad_credentials``; 429 ``too_many_attempts`` after ten failures in a quarter of an hour.
    """
    wrong = PolicyError(
        "The e-mail or the password is wrong.", code="bad_credentials", action="Try again.", status_code=401
    )
    if not is_storable(email + password) or len(password) > MAX_PASSWORD:
        raise wrong
    email = _known_as(email)
    counter = keys.sign_in_failures(hashlib.sha256(f"{address} {email}".encode()).hexdigest())
    await _count_attempt(core, counter)
    async with core.db.read() as session:
        user = await users.by_email(session, email)
    # An unknown e-mail costs the same time as a wrong password, so the answer's speed tells nothing.
    stored = user.password_hash if user is not None and user.password_hash else await asyncio.to_thread(_nobodys_hash)
    right, new_hash = await asyncio.to_thread(_hasher().verify_and_update, password, stored)
    if user is None or not right:
        raise wrong
    await _forget_attempts(core, counter)
    principal = Principal(user.id, user.email, user.name, "cookie")
    if new_hash:
        async with core.db.begin() as session:
            await users.set_password_hash(session, principal.user_id, new_hash)
    return await _log_in(core, principal, user_agent)


async def sign_out(core: Core, token: str | None) -> None:
    """Forget this login; no error when it is unknown."""
    if token and token.isascii():
        async with core.db.begin() as session:
            await users.delete_login(session, hash_secret(token))


async def _log_in(core: Core, principal: Principal, user_agent: str) -> SignedIn:
    token, now = new_token(), utcnow()
    expires_at = now + core.settings.login_lifetime
    async with core.db.begin() as session:
        await users.delete_expired_logins(session, now)
        await users.add_login(
            session,
            LoginSession(
                user_id=principal.user_id,
                token_hash=hash_secret(token),
                user_agent=storable(user_agent, 200),
                expires_at=expires_at,
            ),
        )
    return SignedIn(principal, token, expires_at)


async def _count_attempt(core: Core, counter: str) -> None:
    """Count a sign-in before it is tried, so that many at once cannot all slip through; refuse too many.

    Raises:
        PolicyError: 429 ``too_many_attempts``.
    """
    try:
        async with core.redis.pipeline(transaction=True) as pipe:
            # The counter's life begins with its first attempt and no later one makes it longer.
            pipe.set(counter, 0, ex=FAILURE_WINDOW, nx=True)
            pipe.incr(counter)
            attempts = int((await pipe.execute())[1])
    except BUS_ERRORS as error:
        # Without the bus nobody is locked out; the password is still needed.
        log.warning("sign_in_not_counted", error=repr(error))
        return
    if attempts > MAX_FAILURES:
        raise PolicyError(
            "Too many failed attempts.",
            code="too_many_attempts",
            action="Wait a quarter of an hour and try again.",
            status_code=429,
        )


async def _forget_attempts(core: Core, counter: str) -> None:
    """Begin to count anew: whoever knows the password has not failed."""
    try:
        await core.redis.delete(counter)
    except BUS_ERRORS as error:
        log.warning("sign_in_count_not_forgotten", error=repr(error))
