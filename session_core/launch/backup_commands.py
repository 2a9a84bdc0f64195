"""``backup``, ``restore`` and ``backups`` of the command line: what is asked for is done by a running host."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import TypeVar
from uuid import UUID

from session_core.core import Core, open_core
from session_core.domain.backup import BackupStatus, BackupView
from session_core.domain.events import SessionSnapshot
from session_core.domain.ids import parse_session_id
from session_core.domain.status import ReasonCode, SessionStatus
from session_core.errors import FatalError, TransientError, WhahookError
from session_core.services import accounts, backups, health
from session_core.settings import Settings

T = TypeVar("T")

PATIENCE = timedelta(minutes=15)
"""For a host to do what was asked for; it gives up by itself before that."""

LOOK_EVERY = timedelta(milliseconds=500)

Say = Callable[[str], None]


def account_of(text: str) -> UUID:
    """Read an account's id, or the one inside a session id.

    Raises:
        FatalError: it is neither.
    """
    parsed = parse_session_id(text)
    return parsed[1] if parsed is not None else _uuid(text, "the id of an account")


def backup_of(text: str) -> UUID:
    """Read a backup's id.

    Raises:
        FatalError: it is none.
    """
    return _uuid(text, "the id of a backup")


def _uuid(text: str, what: str) -> UUID:
    try:
        return UUID(text)
    except ValueError:
        raise FatalError(f"{text!r} is not {what}.", code="bad_id") from None


def run(work: Awaitable[None]) -> None:
    """Carry a command out to its end.

    Raises:
        WhahookError: it did not work.
    """

    async def carried_out() -> None:
        try:
            await work
        except health.OUTAGES as error:
            raise TransientError(
                f"The database or the message bus cannot be reached ({type(error).__name__}).",
                action="Start WhaHook first, with the same settings.",
            ) from error

    asyncio.run(carried_out())


async def make(settings: Settings, account_id: UUID, say: Say) -> None:
    """Have an account backed up and wait for the end.

    Raises:
        WhahookError: it did not work; the message says why.
    """
    async with open_core(settings) as core:
        owner = await backups.owner_of(core, account_id)
        await _host_runs(core)
        asked = await backups.request(core, owner, account_id)
        say(f"Backup {asked.id}: asked for.")

        async def ended() -> BackupView | None:
            found = await backups.get(core, owner, account_id, asked.id)
            on_its_way = found.status in {BackupStatus.REQUESTED, BackupStatus.UPLOADING}
            read_back = found.verified_at is not None or found.problem is not None
            return found if not on_its_way and (found.status is not BackupStatus.COMPLETE or read_back) else None

        made = await _wait(ended)
        if made.status is not BackupStatus.COMPLETE or made.problem is not None:
            raise FatalError(
                f"The backup is {made.status}: {made.problem or 'nobody knows why'}.", code="backup_failed"
            )
        say(line(made))


async def restore(settings: Settings, account_id: UUID, backup_id: UUID | None, say: Say) -> None:
    """Have an account go back to a backup (the newest one for None) and wait until it is in its place.

    Raises:
        WhahookError: it did not work; the profile is as it was.
    """
    async with open_core(settings) as core:
        owner = await backups.owner_of(core, account_id)
        await _host_runs(core)
        chosen = await backups.restore(core, owner, account_id, backup_id)
        say(f"Restoring {line(chosen)}")

        async def ended() -> str | None:
            for entry in await accounts.history(core, owner, account_id, limit=50):
                if entry.kind == "restore_requested":
                    return None
                if entry.kind in {"backup_restored", "restore_failed"}:
                    return "" if entry.kind == "backup_restored" else entry.detail or "unknown"
            return None

        problem = await _wait(ended)
        if problem:
            raise FatalError(
                f"The backup could not be restored: {problem}. Nothing was changed.", code="restore_failed"
            )
        say("The profile is in its place. Waiting for the account to connect.")
        end = await _wait(lambda: _came_to_an_end(core, owner, account_id))
        say(f"The account is {end.status}{f' ({end.reason_code})' if end.reason_code else ''}.")


async def _came_to_an_end(core: Core, owner: UUID, account_id: UUID) -> SessionSnapshot | None:
    found = await accounts.get(core, owner, account_id)
    ends = {SessionStatus.READY, SessionStatus.QR, SessionStatus.ACTION_REQUIRED, SessionStatus.ERROR}
    return found if found.status in ends and found.reason_code is not ReasonCode.RESTORING else None


async def show(settings: Settings, account_id: UUID, say: Say) -> None:
    """List an account's backups, newest first.

    Raises:
        WhahookError: there is no such account.
    """
    async with open_core(settings) as core:
        owner = await backups.owner_of(core, account_id)
        found = await backups.list_backups(core, owner, account_id)
        for one in found:
            say(line(one))
        if not found:
            say("There are no backups of this account.")


def line(backup: BackupView) -> str:
    """Describe a backup in one line."""
    size = f"{backup.size / 1024 / 1024:.1f} MiB" if backup.size is not None else "-"
    marks = [
        *(["clean"] if backup.clean else []),
        *(["verified"] if backup.verified_at else []),
        *([str(backup.problem)] if backup.problem else []),
    ]
    made = f"{backup.created_at:%Y-%m-%d %H:%M:%S} UTC"
    return f"{backup.id}  {made}  {backup.status:<9}  {size:>10}  {backup.store:<8}  {', '.join(marks)}".rstrip()


async def _host_runs(core: Core) -> None:
    if not (await health.capacity(core)).hosts:
        raise TransientError(
            "No host is running that could do it.",
            code="no_host",
            action="Start one: make run, or python -m session_core host.",
        )


async def _wait(look: Callable[[], Awaitable[T | None]]) -> T:
    """Look again and again until there is an answer, whatever it is."""
    loop = asyncio.get_running_loop()
    until = loop.time() + PATIENCE.total_seconds()
    while loop.time() < until:
        try:
            found = await look()
        except WhahookError:
            raise
        except health.OUTAGES:
            found = None
        if found is not None:
            return found
        await asyncio.sleep(LOOK_EVERY.total_seconds())
    raise TransientError("The host did not come to an end in time.", code="no_answer", action="Look into its log.")
