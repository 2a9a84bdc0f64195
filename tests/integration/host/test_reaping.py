"""A host that was away when an account was deleted removes its login when it comes back."""

from __future__ import annotations

from pathlib import Path
from uuid import uuid4

import pytest

from session_core.browser.profile import Profile
from session_core.core import Core
from session_core.domain.ids import session_id
from session_core.host import custody
from session_core.host.profiles import LocalProfiles
from session_core.host.reaping import reap
from session_core.store import accounts
from tests.factories import add_account, add_user


@pytest.fixture
def profiles(tmp_path: Path) -> LocalProfiles:
    return LocalProfiles(tmp_path / "sessions")


def login(profiles: LocalProfiles, name: str) -> Path:
    """Make what a login leaves on a disk after years."""
    folder = profiles.path(name)
    (folder / "Default").mkdir(parents=True)
    folder.with_name(f"{name}.prev").mkdir()
    folder.with_name(f"{name}{custody.STALE}").mkdir()
    (folder.parent / custody.STAMPS).mkdir(exist_ok=True)
    (folder.parent / custody.STAMPS / name).write_text("7")
    return folder


async def test_the_login_of_a_deleted_account_goes_and_the_others_stay(core: Core, profiles: LocalProfiles) -> None:
    user_id = await add_user(core.db)
    account_ids = [await add_account(core.db, user_id) for _ in range(2)]
    kept, deleted = [session_id(user_id, account_id) for account_id in account_ids]
    folders = [login(profiles, name) for name in (kept, deleted)]
    await profiles.name()
    async with core.db.begin() as session:
        await accounts.purge(session, account_ids[1])
    assert await reap(core, profiles) == [deleted]
    left = {path.name for path in folders[0].parent.iterdir()}
    assert left == {kept, f"{kept}.prev", f"{kept}{custody.STALE}", custody.NAME, custody.STAMPS}
    assert [path.name for path in (folders[0].parent / custody.STAMPS).iterdir()] == [kept]
    assert await reap(core, profiles) == []


async def test_beside_a_database_that_knows_nobody_nothing_is_removed(core: Core, profiles: LocalProfiles) -> None:
    folder = login(profiles, session_id(uuid4(), uuid4()))
    (folder.parent / "somebody's own").mkdir()
    await add_user(core.db)
    assert await reap(core, profiles) == []
    assert folder.is_dir()


async def test_a_login_in_use_is_left_to_the_next_start(core: Core, profiles: LocalProfiles) -> None:
    name = session_id(await add_user(core.db), uuid4())
    held = Profile(login(profiles, name))
    held.acquire()
    assert await reap(core, profiles) == []
    held.release()
    assert await reap(core, profiles) == [name]


async def test_before_the_first_login_there_is_nothing_to_remove(core: Core, profiles: LocalProfiles) -> None:
    assert await reap(core, profiles) == []
