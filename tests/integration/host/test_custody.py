"""Which copy of a login is the newest, on real folders."""

from __future__ import annotations

from pathlib import Path

from session_core.backups import swap
from session_core.host import custody

NAME = "user_1_wa_2"


def profile(folder: Path, content: str) -> Path:
    path = folder / NAME
    path.mkdir(parents=True)
    (path / "login").write_text(content)
    return path


def test_the_folder_of_the_last_holder_is_the_newest(tmp_path: Path) -> None:
    mine = profile(tmp_path, "mine")
    assert custody.take(tmp_path, NAME, newest=0, ran_here=True, epoch=1)
    assert custody.is_current(tmp_path, NAME, newest=1, ran_here=True)
    assert custody.stamp_of(tmp_path, NAME) == 1
    assert (mine / "login").read_text() == "mine"


def test_after_another_host_had_the_account_the_own_folder_is_put_aside(tmp_path: Path) -> None:
    mine = profile(tmp_path, "old")
    assert custody.take(tmp_path, NAME, newest=0, ran_here=True, epoch=1)
    # Another host ran it under 2, and now it comes back here.
    assert not custody.is_current(tmp_path, NAME, newest=2, ran_here=False)
    assert not custody.take(tmp_path, NAME, newest=2, ran_here=False, epoch=3)
    assert not mine.exists()
    assert (tmp_path / f"{NAME}{custody.STALE}" / "login").read_text() == "old"
    profile(tmp_path, "restored")
    assert custody.is_current(tmp_path, NAME, newest=3, ran_here=True)
    # The next time the older copy makes way.
    assert not custody.take(tmp_path, NAME, newest=4, ran_here=False, epoch=5)
    assert (tmp_path / f"{NAME}{custody.STALE}" / "login").read_text() == "restored"
    custody.forget(tmp_path, NAME)
    custody.forget(tmp_path, NAME)
    assert [path.name for path in tmp_path.iterdir()] == [custody.STAMPS]
    assert custody.stamp_of(tmp_path, NAME) == 0


def test_on_a_shared_folder_the_newest_login_is_there_for_everybody(tmp_path: Path) -> None:
    profile(tmp_path, "shared")
    assert custody.take(tmp_path, NAME, newest=0, ran_here=True, epoch=1)
    # Seen by another host: its own last time was never, but the number says that nobody opened a newer one.
    assert custody.take(tmp_path, NAME, newest=1, ran_here=False, epoch=2)
    assert (tmp_path / NAME / "login").read_text() == "shared"


def test_what_was_there_before_a_restore_counts_as_little_as_the_profile_beside_it(tmp_path: Path) -> None:
    mine = profile(tmp_path, "restored here")
    before = swap.previous(mine)
    before.mkdir()
    (before / "login").write_text("before that")
    assert not custody.take(tmp_path, NAME, newest=2, ran_here=False, epoch=3)
    assert not before.exists()
    swap.recover(mine)
    assert not mine.exists()
    assert (tmp_path / f"{NAME}{custody.STALE}" / "login").read_text() == "restored here"


def test_a_restore_that_a_crash_broke_off_leaves_the_newest_login_where_it_ran(tmp_path: Path) -> None:
    mine = profile(tmp_path, "newest")
    mine.rename(swap.previous(mine))
    assert custody.take(tmp_path, NAME, newest=2, ran_here=True, epoch=3)
    swap.recover(mine)
    assert (mine / "login").read_text() == "newest"


def test_without_a_folder_there_is_nothing_to_open(tmp_path: Path) -> None:
    assert not custody.is_current(tmp_path, NAME, newest=0, ran_here=True)
    assert not custody.take(tmp_path / "new", NAME, newest=0, ran_here=True, epoch=1)
    assert custody.stamp_of(tmp_path / "new", NAME) == 1


def test_a_folder_has_one_name_for_ever(tmp_path: Path) -> None:
    name = custody.folder_name(tmp_path / "a")
    assert custody.folder_name(tmp_path / "a") == name
    assert custody.folder_name(tmp_path / "b") != name
    assert [path.name for path in (tmp_path / "a").iterdir()] == [custody.NAME]
