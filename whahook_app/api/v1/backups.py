"""Backups of an account's login: list, make, verify, restore, delete."""

from __future__ import annotations

from uuid import UUID

from fastapi import APIRouter

from session_core.services import backups
from whahook_app.api.backup_schemas import Backup
from whahook_app.api.deps import CoreDep, UserDep
from whahook_app.api.responses import OWNED, problems

router = APIRouter(prefix="/accounts/{account_id}/backups", tags=["backups"])


@router.get("", responses=OWNED)
async def list_backups(account_id: UUID, who: UserDep, core: CoreDep) -> list[Backup]:
    """List the account's backups, newest first, with those that failed and those on their way."""
    return [Backup.of(backup) for backup in await backups.list_backups(core, who.user_id, account_id)]


@router.post("", status_code=202, responses=OWNED | problems(409))
async def create_backup(account_id: UUID, who: UserDep, core: CoreDep) -> Backup:
    """Have the account backed up now. One that is waiting or being made already is given back instead of another."""
    return Backup.of(await backups.request(core, who.user_id, account_id))


@router.get("/{backup_id}", responses=OWNED)
async def get_backup(account_id: UUID, backup_id: UUID, who: UserDep, core: CoreDep) -> Backup:
    """Show one backup."""
    return Backup.of(await backups.get(core, who.user_id, account_id, backup_id))


@router.post("/{backup_id}/verify", status_code=202, responses=OWNED | problems(409))
async def verify_backup(account_id: UUID, backup_id: UUID, who: UserDep, core: CoreDep) -> Backup:
    """Have the backup read back, decrypted and checked; ``verifiedAt`` or ``problem`` tell the end."""
    return Backup.of(await backups.verify(core, who.user_id, account_id, backup_id))


@router.post("/{backup_id}/restore", status_code=202, responses=OWNED | problems(409))
async def restore_backup(account_id: UUID, backup_id: UUID, who: UserDep, core: CoreDep) -> Backup:
    """Have the account stopped, its login replaced by this backup, and connected again.

    An archive that does not open changes nothing; the account's activity says so.
    """
    return Backup.of(await backups.restore(core, who.user_id, account_id, backup_id))


@router.delete("/{backup_id}", status_code=204, responses=OWNED)
async def delete_backup(account_id: UUID, backup_id: UUID, who: UserDep, core: CoreDep) -> None:
    """Delete the backup and its archive."""
    await backups.delete(core, who.user_id, account_id, backup_id)
