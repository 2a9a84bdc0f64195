"""Backups over REST; that strangers get 404 is tried for every route in `test_strangers`."""

from __future__ import annotations

from uuid import UUID

import pytest

from session_core.clock import utcnow
from session_core.domain.backup import BackupReason, BackupStatus
from session_core.store import backups
from session_core.store.models import SessionBackup
from tests.integration.api.conftest import Person
from tests.integration.api.phone import Phone
from tests.servers.api import RunningApi


async def add_backup(api: RunningApi, account_id: object, status: BackupStatus = BackupStatus.COMPLETE) -> str:
    """Store a backup, as a host would have made it; returns its id."""
    row = SessionBackup(
        account_id=UUID(str(account_id)),
        status=status,
        because=BackupReason.SCHEDULED,
        store="local",
        size=1234,
        sha256="a" * 64,
        key_id="one",
        chromium="156.0.1",
        completed_at=utcnow(),
    )
    backup_id = str(row.id)
    async with api.core.db.begin() as session:
        await backups.add(session, row)
    return backup_id


@pytest.fixture
async def path(ana: Person, phone: Phone) -> str:
    account = await ana.account()
    await phone.shows_qr(account["id"])
    await phone.is_linked(account["id"])
    return f"/api/v1/accounts/{account['id']}/backups"


async def test_the_whole_way(ana: Person, api: RunningApi, path: str) -> None:
    assert (await ana.program.get(path)).json() == []
    asked = await ana.program.post(path)
    assert (asked.status_code, asked.json()["status"], asked.json()["reason"]) == (202, "requested", "requested")
    assert (await ana.program.post(path)).json()["id"] == asked.json()["id"]
    backup_id = await add_backup(api, path.split("/")[4])
    shown = (await ana.program.get(f"{path}/{backup_id}")).json()
    assert shown | {"createdAt": "", "completedAt": "", "id": "", "accountId": ""} == {
        "id": "",
        "accountId": "",
        "status": "complete",
        "reason": "scheduled",
        "createdAt": "",
        "completedAt": "",
        "size": 1234,
        "sha256": "a" * 64,
        "clean": False,
        "store": "local",
        "keyId": "one",
        "chromium": "156.0.1",
        "verifiedAt": None,
        "verifying": False,
        "problem": None,
    }
    verified = await ana.program.post(f"{path}/{backup_id}/verify")
    assert (verified.status_code, verified.json()["verifying"]) == (202, True)
    assert (await ana.program.post(f"{path}/{backup_id}/restore")).status_code == 202
    assert (await ana.program.delete(f"{path}/{backup_id}")).status_code == 204
    gone = await ana.program.get(f"{path}/{backup_id}")
    assert (gone.status_code, gone.json()["code"]) == (404, "backup_not_found")


async def test_what_is_refused_says_why(ana: Person, api: RunningApi, path: str) -> None:
    failed = await add_backup(api, path.split("/")[4], BackupStatus.FAILED)
    for action in ("verify", "restore"):
        answer = await ana.program.post(f"{path}/{failed}/{action}")
        assert (answer.status_code, answer.json()["code"]) == (409, "backup_not_complete")
    never_linked = await ana.account()
    answer = await ana.program.post(f"/api/v1/accounts/{never_linked['id']}/backups")
    assert (answer.status_code, answer.json()["code"]) == (409, "nothing_to_back_up")
