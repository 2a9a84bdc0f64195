"""``backup``, ``restore`` and ``backups``: a person on the server's command line, and a host that does it."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from uuid import UUID, uuid4

import pytest

from session_core.core import Core
from session_core.domain.status import Desired, SessionStatus
from session_core.errors import FatalError
from session_core.launch.backup_commands import account_of, backup_of
from tests.integration.backups.profiles import NEEDED, make_profile
from tests.integration.host.backups.archives import LOG, archives, listed, log_of, ready_driver, spoil, write
from tests.integration.host.stage import QUICK_BACKUPS, Stage, stage_on
from tests.servers.processes import ROOT, clean_environment

S = SessionStatus


@pytest.fixture
def database_kind() -> str:
    return "sqlite"


@pytest.fixture
async def stage(core: Core, tmp_path: Path) -> AsyncIterator[Stage]:
    rhythm = replace(QUICK_BACKUPS, clean_every=timedelta(0))
    async with stage_on(core, tmp_path / "profiles", backups=rhythm) as stage:
        yield stage


@pytest.fixture
async def account_id(stage: Stage) -> UUID:
    account_id = await stage.linked(S.STOPPED, desired=Desired.STOPPED)
    make_profile(stage.profile(account_id))
    return account_id


async def command(stage: Stage, *words: object) -> tuple[int, str, str]:
    settings = stage.core.settings
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "session_core",
        *(str(word) for word in words),
        env={
            **clean_environment(),
            "PYTHONPATH": str(ROOT),
            "WHAHOOK_DATA_DIR": str(settings.data_dir),
            "DATABASE_URL": str(settings.database_url_setting),
            "REDIS_URL": str(settings.redis_url_setting),
        },
        cwd=ROOT,
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    out, err = await asyncio.wait_for(process.communicate(), 60)
    return process.returncode or 0, out.decode(), err.decode()


async def test_back_up_list_and_restore(stage: Stage, account_id: UUID) -> None:
    await stage.manager.start()
    code, out, err = await command(stage, "backup", account_id)
    assert (code, err) == (0, "")
    (made,) = await listed(stage, account_id)
    assert str(made.id) in out.splitlines()[-1]
    assert "verified" in out

    code, out, _ = await command(stage, "backups", f"user_{stage.user_id}_wa_{account_id}")
    assert code == 0
    assert [line.split()[0] for line in out.splitlines()] == [str(made.id)]

    write(stage, account_id, b"later")
    stage.will_get(ready_driver())
    code, out, err = await command(stage, "restore", account_id, "--backup", made.id)
    assert (code, err) == (0, "")
    assert out.splitlines()[-1].startswith("The account is ready")
    assert log_of(stage, account_id) == NEEDED[LOG]


async def test_a_damaged_backup_is_one_plain_line(stage: Stage, account_id: UUID) -> None:
    await stage.manager.start()
    assert (await command(stage, "backup", account_id))[0] == 0
    (file,) = archives(stage)
    spoil(file)
    write(stage, account_id, b"later")
    code, _, err = await command(stage, "restore", account_id)
    assert code == 1
    assert err.splitlines() == ["The backup could not be restored: backup_damaged. Nothing was changed."]
    assert log_of(stage, account_id) == b"later"


async def test_without_a_host_nothing_is_asked_for(stage: Stage, account_id: UUID) -> None:
    for words in (["backup", account_id], ["restore", account_id]):
        code, out, err = await command(stage, *words)
        assert (code, out) == (1, "")
        assert err.startswith("No host is running that could do it.")
    assert await listed(stage, account_id) == []
    code, out, _ = await command(stage, "backups", account_id)
    assert (code, out) == (0, "There are no backups of this account.\n")


@pytest.mark.parametrize("name", ["backup", "restore", "backups"])
async def test_what_is_no_account_is_one_plain_line(stage: Stage, name: str) -> None:
    for given, told in (
        ("nonsense", "'nonsense' is not the id of an account."),
        (uuid4(), "There is no such account."),
    ):
        code, out, err = await command(stage, name, given)
        assert (code, out, err.splitlines()) == (1, "", [told])


def test_ids_as_people_have_them() -> None:
    account_id, user_id = uuid4(), uuid4()
    assert account_of(str(account_id)) == account_of(f"user_{user_id}_wa_{account_id}") == account_id
    for read in (account_of, backup_of):
        with pytest.raises(FatalError):
            read("x")
