"""An account with a profile, its backups, and what a test does to them."""

from __future__ import annotations

import os
from pathlib import Path
from uuid import UUID

from session_core.domain.backup import BackupStatus, BackupView
from session_core.domain.status import Desired, SessionStatus
from session_core.services import backups as service
from session_core.store import backups
from session_core.whatsapp.driver import Loaded
from tests.fakes.drivers import ScriptedDriver, ready
from tests.integration.backups.profiles import make_profile
from tests.integration.host.stage import PATIENCE, Stage
from tests.waiting import eventually

S = SessionStatus
B = BackupStatus
LOG = "Default/IndexedDB/https_x_0.indexeddb.leveldb/000003.log"


async def linked(stage: Stage, status: SessionStatus = S.RECONNECTING, **runtime: object) -> UUID:
    account_id = await stage.linked(status, **runtime)
    make_profile(stage.profile(account_id))
    return account_id


async def at_rest(stage: Stage) -> UUID:
    return await linked(stage, S.STOPPED, desired=Desired.STOPPED)


def ready_driver() -> ScriptedDriver:
    return ScriptedDriver([Loaded(), ready()])


async def listed(stage: Stage, account_id: UUID) -> list[BackupView]:
    return await service.list_backups(stage.core, stage.user_id, account_id)


async def until_backup(
    stage: Stage, account_id: UUID, status: BackupStatus, backup_id: UUID | None = None
) -> BackupView:
    """Return the newest backup (or that one) once it has the status and nothing more is done about it."""

    async def found() -> BackupView | None:
        shown = [one for one in await listed(stage, account_id) if backup_id in {None, one.id}]
        if not shown or shown[0].status is not status or shown[0].verifying:
            return None
        return shown[0] if status is not B.COMPLETE or shown[0].verified_at else None

    return await eventually(found, PATIENCE, f"backup {status}")


async def backed_up(stage: Stage, account_id: UUID) -> BackupView:
    asked = await service.request(stage.core, stage.user_id, account_id)
    return await until_backup(stage, account_id, B.COMPLETE, asked.id)


def file_of(stage: Stage, account_id: UUID, backup: BackupView) -> Path:
    folder = stage.core.settings.backups_dir / str(stage.user_id) / str(account_id)
    (found,) = folder.glob(f"*{backup.id}*")
    return found


def archives(stage: Stage) -> list[Path]:
    """Return what lies there; the folder of an account may be removed while this looks."""
    walk = os.walk(stage.core.settings.backups_dir)
    return [Path(folder, name) for folder, _, names in walk for name in names if name.endswith(".wabk")]


def spoil(path: Path) -> None:
    content = bytearray(path.read_bytes())
    content[-1] ^= 1
    path.write_bytes(content)


def write(stage: Stage, account_id: UUID, content: bytes) -> None:
    """Let time pass in a profile."""
    (stage.profile(account_id) / LOG).write_bytes(content)


def log_of(stage: Stage, account_id: UUID) -> bytes:
    return (stage.profile(account_id) / LOG).read_bytes()


async def kinds(stage: Stage, account_id: UUID) -> list[str]:
    return [kind for kind, _, _ in await stage.history(account_id)]


async def none_left(stage: Stage, account_id: UUID) -> bool:
    async with stage.core.db.read() as session:
        return not await listed(stage, account_id) and not await backups.to_do(session)
