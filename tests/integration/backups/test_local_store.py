from __future__ import annotations

import os
from datetime import UTC, datetime
from pathlib import Path
from uuid import UUID, uuid4

import pytest

from session_core.backups.errors import BackupMissing
from session_core.backups.stores.contract import new_path
from session_core.backups.stores.local import LocalFileStore
from session_core.backups.vault import Vault
from session_core.settings import Settings
from tests.integration.backups.profiles import contents, go_on

AT = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
USER, ACCOUNT = uuid4(), uuid4()


def path(account_id: UUID = ACCOUNT) -> str:
    return new_path(USER, account_id, uuid4(), AT)


@pytest.fixture
def store(tmp_path: Path) -> LocalFileStore:
    return LocalFileStore(tmp_path / "backups")


@pytest.fixture
def source(tmp_path: Path) -> Path:
    (tmp_path / "source").write_bytes(b"archive")
    return tmp_path / "source"


def read(store: LocalFileStore, name: str) -> bytes:
    with store.open(name) as file:
        return file.read() or b""


def test_what_is_put_is_there_for_our_eyes_only(store: LocalFileStore, source: Path, tmp_path: Path) -> None:
    name = path()
    store.put(name, source, go_on)
    assert (read(store, name), store.has(name)) == (b"archive", True)
    assert source.exists()
    assert all(found.stat().st_mode & 0o077 == 0 for found in (tmp_path / "backups").rglob("*"))
    assert (tmp_path / "backups").stat().st_mode & 0o077 == 0


def test_a_path_is_never_written_twice(store: LocalFileStore, source: Path, tmp_path: Path) -> None:
    name = path()
    store.put(name, source, go_on)
    (tmp_path / "other").write_bytes(b"other")
    with pytest.raises(FileExistsError):
        store.put(name, tmp_path / "other", go_on)
    assert read(store, name) == b"archive"


def test_what_is_broken_off_leaves_nothing(store: LocalFileStore, source: Path, tmp_path: Path) -> None:
    def stop() -> None:
        raise InterruptedError

    with pytest.raises(InterruptedError):
        store.put(path(), source, stop)
    assert contents(tmp_path / "backups") == {}


def test_removing_twice_is_as_good_as_once(store: LocalFileStore, source: Path, tmp_path: Path) -> None:
    one, other = path(), path(uuid4())
    store.put(one, source, go_on)
    store.put(other, source, go_on)
    for _ in range(2):
        store.delete(one)
    assert (store.has(one), store.has(other)) == (False, True)
    assert not (tmp_path / "backups" / one).parent.exists()
    with pytest.raises(BackupMissing), store.open(one):
        pass


def test_what_a_killed_process_left_of_one_goes_with_it(
    store: LocalFileStore, source: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Killed(BaseException):
        pass

    def killed(*_: object, **__: object) -> None:
        raise Killed

    half, other = path(), path()
    store.put(other, source, go_on)
    with monkeypatch.context() as dying:
        dying.setattr("session_core.backups.stores.local._name", killed)
        dying.setattr(Path, "unlink", killed)
        with pytest.raises(Killed):
            store.put(half, source, go_on)
    assert len(contents(tmp_path / "backups")) == 2
    store.delete(half)
    assert list(contents(tmp_path / "backups")) == [other]


def test_an_account_has_only_its_own(store: LocalFileStore, source: Path, tmp_path: Path) -> None:
    mine, others = [path(), path()], path(uuid4())
    for name in (*mine, others):
        store.put(name, source, go_on)
    (tmp_path / "backups" / str(USER) / str(ACCOUNT) / ".part-left").write_bytes(b"half")
    assert set(store.of_account(USER, ACCOUNT)) == set(mine)
    assert list(store.of_account(USER, uuid4())) == []
    assert ".part-left" not in str(contents(tmp_path / "backups"))


@pytest.mark.parametrize(
    "name", ["../../etc/passwd", "/etc/passwd", "a/b/c.wabk", "", f"{UUID(int=1)}/{UUID(int=2)}/../x.wabk"]
)
def test_nothing_but_its_own_paths(store: LocalFileStore, source: Path, name: str) -> None:
    for act in (lambda: store.delete(name), lambda: store.put(name, source, go_on), lambda: read(store, name)):
        with pytest.raises(BackupMissing):
            act()


def test_a_store_that_is_not_set_up_is_named(tmp_path: Path) -> None:
    with pytest.raises(BackupMissing, match="elsewhere"):
        Vault(Settings(data_dir=tmp_path)).store("elsewhere")


def test_without_links_a_rename_does(
    store: LocalFileStore, source: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object) -> None:
        raise PermissionError

    monkeypatch.setattr(os, "link", refuse)
    name = path()
    store.put(name, source, go_on)
    assert contents(tmp_path / "backups") == {name: b"archive"}
