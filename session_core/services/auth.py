"""Sign-up, sign-in and sign-out with accounts of our own."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from datetime import datetime
from functools import lru_cache

import structlog
from email_validator import EmailNotValidError, validate_email
from pwdlib import PasswordHash
from pwdlib.hashers.argon2 import Argon2Hasher

from session_core.clock import utcnow
from session_core.core import Core
from session_core.domain.text import is_storable, storable
from session_core.errors import Conflict, PolicyError
from session_core.services import attempts
from session_core.services.principal import Principal, hash_secret, new_token
from session_core.store import users
from session_core.store.errors import AlreadyThere
from session_core.store.models import LoginSession, User

log = structlog.get_logger(__name__)

MIN_PASSWORD = 8
MAX_PASSWORD = 200
"""argon2 reads it all; a limit keeps a sign-in from being a way to burn CPU."""

MAX_NAME = 100


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


async def sign_up(core: Core, *, email: str, password: str, name: str, address: str, user_agent: str = "") -> SignedIn:
    """Make an account for a person and sign them in.

    Args:
        core: the process's core.
        email: as typed.
        password: as typed.
        name: as typed; without one the e-mail's first part.
        address: the client's address, for the limit on tries.
        user_agent: the browser's name, to recognise a login later.

    Raises:
        PolicyError: 403 ``sign_up_closed``, 422 for a bad e-mail, password or name.
        TooMany: 429 ``too_many_from_address``.
        Conflict: 409 ``email_taken``.
    """
    if core.settings.sign_up == "closed":
        raise PolicyError(
            "New accounts are closed on this server.",
            code="sign_up_closed",
            action="Ask whoever runs it for an account.",
            status_code=403,
        )
    await attempts.count_address(core, "sign_up", address)
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
        address: the client's address, for the limits on tries and failures.
        user_agent: the browser's name, to recognise a login later.

    Raises:
        PolicyError: 401 ``bad_credentials``.
        TooMany: 429 ``too_many_attempts`` after ten failures in a quarter of an hour, ``too_many_from_address``.
    """
    await attempts.count_address(core, "sign_in", address)
    wrong = PolicyError(
        "The e-mail or the password is wrong.", code="bad_credentials", action="Try again.", status_code=401
    )
    if not is_storable(email + password) or len(password) > MAX_PASSWORD:
        raise wrong
    email = _known_as(email)
    counter = attempts.failures_of(address, email)
    await attempts.count_failure(core, counter)
    async with core.db.read() as session:
        user = await users.by_email(session, email)
    # An unknown e-mail costs the same time as a wrong password, so the answer's speed tells nothing.
    stored = user.password_hash if user is not None and user.password_hash else await asyncio.to_thread(_nobodys_hash)
    right, new_hash = await asyncio.to_thread(_hasher().verify_and_update, password, stored)
    if user is None or not right:
        raise wrong
    await attempts.forget_failures(core, counter)
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
