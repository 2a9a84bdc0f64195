"""``limits``: the operator on the server's command line."""

from __future__ import annotations

import asyncio
import sys

import pytest

from session_core.core import Core
from session_core.store import sending, users
from session_core.store.sending import Allowed
from tests import factories
from tests.servers.processes import ROOT, clean_environment


@pytest.fixture
def database_kind() -> str:
    return "sqlite"


async def command(core: Core, *words: object) -> tuple[int, str, str]:
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "session_core", "limits"),
        *(str(word) for word in words),
        env={
            **clean_environment(),
            "WHAHOOK_DATA_DIR": str(core.settings.data_dir),
            "DATABASE_URL": core.settings.database_url,
            "REDIS_URL": core.settings.redis_url,
        },
        cwd=ROOT,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    said, errors = await asyncio.wait_for(process.communicate(), 60)
    return process.returncode or 0, said.decode(), errors.decode()


async def test_limits_are_set_shown_and_taken_back(core: Core) -> None:
    user_id = await factories.add_user(core.db)
    async with core.db.begin() as session:
        user = await users.by_id(session, user_id)
        assert user is not None
        user.email = "ana@example.org"
        session.add(user)
    account_id = await factories.add_account(core.db, user_id)
    assert (await command(core, "--user", "Ana@example.org", "--per-window", 60))[0] == 0
    code, said, _ = await command(core, "--account", account_id, "--per-window", 5)
    assert code == 0
    assert said.splitlines()[0] == "In general: 10 an account and 30 a user in 60 s."
    assert [line.split(" for ")[0] for line in said.splitlines()[1:]] == [
        "ana@example.org: 60",
        "ana@example.org: 5",
    ]
    async with core.db.read() as session:
        assert await sending.allowed(session, user_id, account_id) == Allowed(per_account=5, per_user=60)
    await command(core, "--user", "ana@example.org", "--clear")
    async with core.db.read() as session:
        assert await sending.allowed(session, user_id, account_id) == Allowed(per_account=5)


@pytest.mark.parametrize(
    "words",
    [("--user", "nobody@example.org", "--clear"), ("--user", "a@b.c"), ("--account", "x", "--per-window", "0")],
    ids=" ".join,
)
async def test_what_makes_no_sense_is_said_in_a_line(core: Core, words: tuple[str, ...]) -> None:
    code, _, errors = await command(core, *words)
    assert code == 1
    assert len(errors.strip().splitlines()) == 1
