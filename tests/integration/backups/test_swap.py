"""A restored profile takes its place; whenever the machine stops, one whole profile is there."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from session_core.backups import swap
from session_core.backups.minimal import GAP
from session_core.browser.profile import Profile
from session_core.clock import utcnow
from session_core.errors import FatalError
from tests.integration.backups.profiles import go_on


def folder(path: Path, content: str) -> Path:
    (path / "Default").mkdir(parents=True)
    (path / "Default" / "Cookies").write_text(content)
    return path


def cookies(path: Path) -> str:
    return (path / "Default" / "Cookies").read_text()


def test_the_old_one_waits_until_the_new_one_has_proved_itself(tmp_path: Path) -> None:
    profile, fresh = folder(tmp_path / "p", "old"), folder(tmp_path / "fresh", "new")
    swap.mark(fresh, "request 7")
    swap.install(fresh, profile, go_on)
    assert (cookies(profile), cookies(swap.previous(profile))) == ("new", "old")
    assert swap.restored_by(profile) == "request 7"
    assert not fresh.exists()
    swap.drop_previous(profile)
    assert not swap.previous(profile).exists()
    assert cookies(profile) == "new"


def test_a_second_restore_keeps_the_one_that_worked(tmp_path: Path) -> None:
    profile = folder(tmp_path / "p", "worked")
    for content in ("first try", "second try"):
        swap.install(folder(tmp_path / content, content), profile, go_on)
    assert (cookies(profile), cookies(swap.previous(profile))) == ("second try", "worked")


def test_where_there_was_none(tmp_path: Path) -> None:
    profile = tmp_path / "p"
    swap.install(folder(tmp_path / "fresh", "new"), profile, go_on)
    assert cookies(profile) == "new"
    assert not swap.previous(profile).exists()
    swap.recover(profile)
    assert cookies(profile) == "new"


def test_a_profile_that_is_open_is_not_touched(tmp_path: Path) -> None:
    profile, fresh = folder(tmp_path / "p", "old"), folder(tmp_path / "fresh", "new")
    browser = Profile(profile)
    browser.acquire()
    try:
        with pytest.raises(FatalError) as caught:
            swap.install(fresh, profile, go_on)
    finally:
        browser.release()
    assert caught.value.code == "profile_in_use"
    assert (cookies(profile), cookies(fresh)) == ("old", "new")


def test_an_account_that_was_lost_meanwhile_is_not_touched(tmp_path: Path) -> None:
    profile, fresh = folder(tmp_path / "p", "old"), folder(tmp_path / "fresh", "new")

    def lost() -> None:
        raise FatalError("lost")

    with pytest.raises(FatalError):
        swap.install(fresh, profile, lost)
    assert (cookies(profile), cookies(fresh)) == ("old", "new")
    assert not swap.previous(profile).exists()
    # It is free again.
    Profile(profile).acquire()


def test_a_crash_between_the_two_moves_is_made_good(tmp_path: Path) -> None:
    profile = folder(tmp_path / "p", "old")
    profile.rename(swap.previous(profile))
    swap.recover(profile)
    assert cookies(profile) == "old"
    assert not swap.previous(profile).exists()


def test_a_move_that_fails_puts_the_old_one_back(tmp_path: Path) -> None:
    profile = folder(tmp_path / "p", "old")
    with pytest.raises(FileNotFoundError):
        swap.install(tmp_path / "not there", profile, go_on)
    assert cookies(profile) == "old"


def test_a_folder_with_only_a_lock_in_it_is_no_login(tmp_path: Path) -> None:
    (tmp_path / "p").mkdir()
    (tmp_path / "p" / ".whahook.lock").touch()
    assert not swap.has_login(tmp_path / "p")
    assert swap.restored_by(tmp_path / "p") is None
    assert swap.has_login(folder(tmp_path / "q", "x"))


def test_a_note_that_cannot_be_read_leaves_everything_in_doubt(tmp_path: Path) -> None:
    profile = folder(tmp_path / "p", "x")
    assert swap.gap_of(profile) is None
    (profile / GAP).write_text("{")
    gap = swap.gap_of(profile)
    assert gap is not None
    assert gap.may_hide(utcnow() - timedelta(days=900), utcnow() - timedelta(days=900), timedelta(0))
