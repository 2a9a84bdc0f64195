from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from session_core.backups.keys import KEY_FILE, load_keys
from session_core.domain.backup_keys import format_key
from session_core.errors import FatalError

SETTING = format_key("env", b"e" * 32)


def test_without_a_setting_a_key_is_made_once_for_our_eyes_only(tmp_path: Path) -> None:
    first = load_keys(None, tmp_path / "data")
    assert load_keys(None, tmp_path / "data") == first
    path = tmp_path / "data" / KEY_FILE
    assert path.stat().st_mode & 0o777 == 0o600
    assert os.listdir(path.parent) == [KEY_FILE]


def test_who_makes_it_at_the_same_time_gets_the_same_key(tmp_path: Path) -> None:
    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(lambda _: load_keys(None, tmp_path / "data"), range(16)))
    assert len({ring.current for ring in found}) == 1


def test_a_setting_makes_no_file(tmp_path: Path) -> None:
    assert load_keys(SETTING, tmp_path).current == "env"
    assert list(tmp_path.iterdir()) == []


def test_after_a_change_to_the_setting_old_backups_still_open(tmp_path: Path) -> None:
    old = load_keys(None, tmp_path)
    ring = load_keys(SETTING, tmp_path)
    assert ring.current == "env"
    assert ring.master(old.current) == old.master(old.current)


@pytest.mark.parametrize("content", ["", "rubbish", "file-1:c2hvcnQ="])
def test_a_spoiled_file_is_never_replaced(content: str, tmp_path: Path) -> None:
    (tmp_path / KEY_FILE).write_text(content)
    with pytest.raises(FatalError) as caught:
        load_keys(None, tmp_path)
    assert caught.value.code == "bad_backup_key"
    assert "c2hvcnQ" not in str(caught.value)
    assert (tmp_path / KEY_FILE).read_text() == content
