"""What a user can do with their WhatsApp accounts. Writes what is wanted and pokes the hosts; the hosts do the rest."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

import structlog

from session_core.bus import condition
from session_core.bus import qr as qr_store
from session_core.bus.connection import BUS_ERRORS
from session_core.bus.reconcile import poke
from session_core.clock import utcnow
from session_core.core import Core
from session_core.domain.commands import ForceStop, PairingCode, PairingCodeShown
from session_core.domain.events import AccountDeleted, ActivityAdded, ActivityEntry, Qr, SessionChanged, SessionSnapshot
from session_core.domain.health import Health
from session_core.domain.phone import normalize_phone
from session_core.domain.resources import Budget, Resources
from session_core.domain.status import AccountKind, Desired, ReasonCode, SessionStatus
from session_core.domain.text import is_storable
from session_core.errors import Conflict, NotFound, PolicyError, TransientError
from session_core.services.silence import as_it_is, silent_hosts
from session_core.store import accounts, activity
from session_core.store.models import Account, SessionRuntime

log = structlog.get_logger(__name__)

MAX_NAME = 100
MAX_ACTIVITY_PAGE = 200
MAX_ID = 2**63 - 1
"""The largest number that a database holds."""

PAIRING_TIMEOUT = timedelta(seconds=30)
"""WhatsApp answers in one or two seconds; the page may first have to leave the QR screen."""

FORCE_TIMEOUT = timedelta(seconds=10)
"""Killing takes less than a second; then the session has to notice."""


def clean_name(name: str) -> str:
    """Return the name without outer spaces; PolicyError 422 when nothing, too much or no text is left."""
    name = name.strip()
    if not name or len(name) > MAX_NAME or not is_storable(name):
        raise PolicyError(
            f"A name has 1 to {MAX_NAME} characters.",
            code="bad_name",
            action="Give the account a short name.",
            status_code=422,
        )
    return name


async def create(core: Core, user_id: UUID, *, name: str, kind: AccountKind) -> SessionSnapshot:
    """Make an account; nothing runs before `connect`.

    Raises:
        PolicyError: 422 for a bad name, 409 ``sandbox_off`` for a sandbox account while there is no sandbox.
    """
    name = clean_name(name)
    if kind is AccountKind.SANDBOX and not core.settings.sandbox_enabled:
        raise Conflict(
            "The sandbox is switched off on this server.", code="sandbox_off", action="Make a live account instead."
        )
    account = Account(user_id=user_id, name=name, kind=kind)
    runtime = SessionRuntime(account_id=account.id)
    async with core.db.begin() as session:
        await accounts.add(session, account, runtime)
        await activity.add(session, account.id, "created")
        snapshot = accounts.snapshot(account, runtime)
    await core.publisher.publish(SessionChanged(user_id=user_id, session=snapshot))
    return snapshot


async def list_accounts(core: Core, user_id: UUID) -> list[SessionSnapshot]:
    """Return the user's accounts with their QR when there is one, oldest first."""
    async with core.db.read() as session:
        rows = await accounts.of_user(session, user_id)
        snapshots = [_seen(account, runtime) for account, runtime in rows]
    return await _as_they_are(core, snapshots)


async def get(core: Core, user_id: UUID, account_id: UUID) -> SessionSnapshot:
    """Return one account; NotFound when it is not the user's."""
    async with core.db.read() as session:
        row = await accounts.owned(session, user_id, account_id)
        if row is None:
            raise NotFound("account")
        snapshot = _seen(*row)
    return (await _as_they_are(core, [snapshot]))[0]


async def rename(core: Core, user_id: UUID, account_id: UUID, name: str) -> SessionSnapshot:
    """Change an account's name."""
    name = clean_name(name)
    async with core.db.begin() as session:
        if await accounts.owned(session, user_id, account_id) is None:
            raise NotFound("account")
        await accounts.rename(session, account_id, name)
    snapshot = await get(core, user_id, account_id)
    await core.publisher.publish(SessionChanged(user_id=user_id, session=snapshot))
    return snapshot


async def connect(core: Core, user_id: UUID, account_id: UUID) -> SessionSnapshot:
    """Want the account connected. Connecting what is connected or on its way changes nothing."""
    return await _want(core, user_id, account_id, Desired.CONNECTED, "connect_requested")


async def restart(core: Core, user_id: UUID, account_id: UUID) -> SessionSnapshot:
    """Close the account's browser and open it again; the login stays."""
    return await _want(core, user_id, account_id, Desired.CONNECTED, "restart_requested", restart=True)


async def disconnect(core: Core, user_id: UUID, account_id: UUID, *, logout: bool = False) -> SessionSnapshot:
    """Want the account stopped.

    Args:
        core: the process's core.
        user_id: who asks.
        account_id: which account.
        logout: also unlink the device from the phone; the next connection needs a new QR.
    """
    kind = "logout_requested" if logout else "disconnect_requested"
    return await _want(core, user_id, account_id, Desired.STOPPED, kind, logout=logout)


async def force_stop(core: Core, user_id: UUID, account_id: UUID) -> SessionSnapshot:
    """Want the account stopped and have its browser killed, whatever hangs; a logout under way is given up.

    The login stays in its profile. When no host answers, the wish is written down all the same, and the next host that
    takes the account ends what is left of its browser.
    """
    await _want(core, user_id, account_id, Desired.STOPPED, "force_stop_requested", force=True)
    try:
        await core.commands.call(ForceStop(account_id=account_id), timeout=FORCE_TIMEOUT)
    except TransientError as error:
        log.info("force_stop_not_answered", account_id=str(account_id), reason=error.code)
    return await get(core, user_id, account_id)


async def delete(core: Core, user_id: UUID, account_id: UUID) -> None:
    """Delete the account: it is gone from the lists at once, the host unlinks it and removes its profile."""
    async with core.db.begin() as session:
        if await accounts.owned(session, user_id, account_id) is None:
            raise NotFound("account")
        await accounts.mark_deleted(session, account_id, utcnow())
    await core.publisher.publish(AccountDeleted(user_id=user_id, account_id=account_id))
    await poke(core.redis)


async def qr(core: Core, user_id: UUID, account_id: UUID) -> Qr:
    """Return the code to scan now.

    Raises:
        NotFound: 404 ``qr_not_found`` when there is none (404 ``account_not_found`` when it is not the user's).
    """
    snapshot = await get(core, user_id, account_id)
    if snapshot.qr is None:
        raise NotFound("qr")
    return snapshot.qr


async def pairing_code(core: Core, user_id: UUID, account_id: UUID, phone: str) -> str:
    """Ask WhatsApp for a code to type on the phone instead of scanning.

    Returns:
        Eight letters and digits.

    Raises:
        Conflict: 409 ``not_waiting_for_link`` when the account does not show a QR now.
        TransientError: the host or WhatsApp did not answer.
    """
    phone = normalize_phone(phone)
    snapshot = await get(core, user_id, account_id)
    if snapshot.status is not SessionStatus.QR:
        raise Conflict(
            "The account is not waiting to be linked.",
            code="not_waiting_for_link",
            action="Connect it, and ask for the code while its QR is shown.",
        )
    answer = await core.commands.call(PairingCode(account_id=account_id, phone=phone), timeout=PAIRING_TIMEOUT)
    return PairingCodeShown.model_validate(answer).code


async def health(core: Core, user_id: UUID, account_id: UUID) -> Health | None:
    """Return whether the account's page is alive, with the evidence; None while there is no login to judge.

    Raises:
        NotFound: it is not the user's. What the bus raises when it is away passes through (`health.OUTAGES`).
    """
    await get(core, user_id, account_id)
    return await condition.health(core.redis, account_id)


async def resources(core: Core, user_id: UUID, account_id: UUID) -> Resources:
    """Return what the account's browser used in the last hour, a sample a minute; none while it does not run.

    Raises:
        NotFound: it is not the user's. What the bus raises when it is away passes through (`health.OUTAGES`).
    """
    await get(core, user_id, account_id)
    settings = core.settings
    budget = Budget(alarm=settings.session_memory_alarm, recycle=settings.session_memory_recycle)
    return Resources(samples=tuple(await condition.series(core.redis, account_id)), budget=budget)


async def history(
    core: Core, user_id: UUID, account_id: UUID, *, limit: int = 50, before: int | None = None
) -> list[ActivityEntry]:
    """Return the account's history, newest first, at most 200 lines a page."""
    async with core.db.read() as session:
        if await accounts.owned(session, user_id, account_id) is None:
            raise NotFound("account")
        page = max(1, min(limit, MAX_ACTIVITY_PAGE))
        rows = await activity.of_account(session, account_id, limit=page, before=_in_range(before))
        return [activity.view(row) for row in rows]


def _in_range(number: int | None) -> int | None:
    return None if number is None else max(0, min(number, MAX_ID))


async def _want(
    core: Core,
    user_id: UUID,
    account_id: UUID,
    desired: Desired,
    kind: str,
    *,
    restart: bool = False,
    logout: bool = False,
    force: bool = False,
) -> SessionSnapshot:
    async with core.db.begin() as session:
        row = await accounts.owned(session, user_id, account_id, lock=True)
        if row is None:
            raise NotFound("account")
        account, runtime = row
        if account.kind is AccountKind.SANDBOX and desired is Desired.CONNECTED and not core.settings.sandbox_enabled:
            raise Conflict(
                "The sandbox is switched off on this server.", code="sandbox_off", action="Set WHAHOOK_SANDBOX=on."
            )
        entry = None
        if restart or logout or force or not _under_way(runtime, desired):
            await accounts.want(session, account_id, desired, restart=restart, logout=logout, force=force)
            entry = await activity.add(session, account_id, kind, reason_code=ReasonCode.REQUESTED)
        snapshot = _seen(account, runtime)
    if entry is not None:
        await core.publisher.publish(ActivityAdded(user_id=user_id, entry=entry))
    await poke(core.redis)
    return snapshot


def _under_way(runtime: SessionRuntime, desired: Desired) -> bool:
    """Tell whether the wish is there already and still good: asking again then changes nothing."""
    if runtime.desired is not desired:
        return False
    given_up = runtime.status in {SessionStatus.ACTION_REQUIRED, SessionStatus.ERROR}
    return desired is not Desired.CONNECTED or not given_up


def _seen(account: Account, runtime: SessionRuntime) -> SessionSnapshot:
    """Return the account as its owner sees it.

    What rests though it is wanted waits for a host to begin; the owner who pressed "connect" a moment ago must not read
    "stopped", nor the reason of the last failure.
    """
    snapshot = accounts.snapshot(account, runtime)
    if runtime.desired is Desired.CONNECTED and runtime.status.settled:
        waiting = {"status": SessionStatus.QUEUED, "reason_code": ReasonCode.REQUESTED, "reason": ""}
        return snapshot.model_copy(update=waiting)
    return snapshot


async def _as_they_are(core: Core, snapshots: list[SessionSnapshot]) -> list[SessionSnapshot]:
    silent = await silent_hosts(core, (snapshot.host_id for snapshot in snapshots if not snapshot.status.settled))
    return await _with_qr(core, [as_it_is(snapshot, silent) for snapshot in snapshots])


async def _with_qr(core: Core, snapshots: list[SessionSnapshot]) -> list[SessionSnapshot]:
    waiting = [snapshot.account_id for snapshot in snapshots if snapshot.status is SessionStatus.QR]
    try:
        codes = await qr_store.current(core.redis, waiting)
    except BUS_ERRORS as error:
        log.warning("qr_not_readable", error=repr(error))
        codes = {}
    return [
        snapshot.model_copy(update={"qr": codes[snapshot.account_id]}) if snapshot.account_id in codes else snapshot
        for snapshot in snapshots
    ]
