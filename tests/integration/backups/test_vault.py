"""Archives in and out of a vault: whatever is wrong with one, nothing of it is used."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from uuid import uuid4

import pytest
from pydantic import SecretStr

from session_core.backups.codec import Label
from session_core.backups.errors import BackupDamaged, BackupForeign, BackupKeyMissing, BackupMissing, problem_of
from session_core.backups.stores.contract import new_path
from session_core.backups.vault import Known, Vault
from session_core.domain.backup import BackupProblem
from session_core.domain.backup_keys import format_key
from session_core.errors import WhahookError
from session_core.settings import Settings
from tests.integration.backups.profiles import NEEDED, contents, go_on, label

USER = uuid4()


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(data_dir=tmp_path / "data")


@pytest.fixture
def vault(settings: Settings) -> Vault:
    return Vault(settings)


def saved(vault: Vault, profile: Path, what: Label | None = None) -> Known:
    what = what or label()
    path = new_path(USER, what.account_id, what.backup_id, datetime(2026, 1, 1, tzinfo=UTC))
    archive = vault.save(profile, profile.with_name("scratch"), what, path, go_on)
    assert not profile.with_name("scratch").exists()
    return Known(what, vault.current.name, path, archive.size, archive.sha256)


def file_of(settings: Settings, known: Known) -> Path:
    return settings.backups_dir / known.path


def test_in_and_out(vault: Vault, profile: Path, tmp_path: Path) -> None:
    known = saved(vault, profile)
    vault.check(known, go_on)
    vault.fetch(known, tmp_path / "fresh", go_on)
    assert contents(tmp_path / "fresh") == NEEDED


def test_nothing_readable_is_in_the_archive(vault: Vault, profile: Path, settings: Settings) -> None:
    stored = file_of(settings, saved(vault, profile)).read_bytes()
    assert all(content not in stored for content in NEEDED.values() if len(content) > 3)


def refused(vault: Vault, known: Known, tmp_path: Path) -> WhahookError:
    with pytest.raises(WhahookError) as checked:
        vault.check(known, go_on)
    with pytest.raises(type(checked.value)):
        vault.fetch(known, tmp_path / "fresh", go_on)
    return checked.value


def test_a_cut_archive(vault: Vault, profile: Path, settings: Settings, tmp_path: Path) -> None:
    known = saved(vault, profile)
    file = file_of(settings, known)
    file.write_bytes(file.read_bytes()[:-1])
    assert isinstance(refused(vault, known, tmp_path), BackupDamaged)


def test_a_changed_archive(vault: Vault, profile: Path, settings: Settings, tmp_path: Path) -> None:
    known = saved(vault, profile)
    file = file_of(settings, known)
    changed = bytearray(file.read_bytes())
    changed[-20] ^= 1
    file.write_bytes(changed)
    assert isinstance(refused(vault, known, tmp_path), BackupDamaged)


def test_the_archive_of_another_account(vault: Vault, profile: Path, settings: Settings, tmp_path: Path) -> None:
    mine, other = saved(vault, profile), saved(vault, profile)
    file_of(settings, mine).write_bytes(file_of(settings, other).read_bytes())
    assert isinstance(refused(vault, mine, tmp_path), BackupForeign)


def test_an_older_archive_of_the_same_backup(vault: Vault, profile: Path, settings: Settings, tmp_path: Path) -> None:
    """Whole, ours, and yet not what the row describes."""
    known = saved(vault, profile)
    assert isinstance(refused(vault, replace(known, sha256="0" * 64), tmp_path), BackupDamaged)


def test_a_missing_archive(vault: Vault, profile: Path, settings: Settings, tmp_path: Path) -> None:
    known = saved(vault, profile)
    file_of(settings, known).unlink()
    assert isinstance(refused(vault, known, tmp_path), BackupMissing)


def test_another_key(vault: Vault, profile: Path, settings: Settings, tmp_path: Path) -> None:
    known = saved(vault, profile)
    (settings.data_dir / "backup.key").unlink()
    changed = settings.model_copy(update={"backup_keys": SecretStr(format_key("new", b"n" * 32))})
    error = refused(Vault(changed), known, tmp_path)
    assert isinstance(error, BackupKeyMissing)
    assert "WHAHOOK_BACKUP_KEYS" in error.action


def test_rotation(vault: Vault, profile: Path, settings: Settings, tmp_path: Path) -> None:
    one, two = format_key("one", b"1" * 32), format_key("two", b"2" * 32)
    old = saved(Vault(settings.model_copy(update={"backup_keys": SecretStr(one)})), profile)
    rotated = Vault(settings.model_copy(update={"backup_keys": SecretStr(f"{two},{one}")}))
    rotated.check(old, go_on)
    new = saved(rotated, profile)
    only_new = Vault(settings.model_copy(update={"backup_keys": SecretStr(two)}))
    only_new.check(new, go_on)
    assert isinstance(refused(only_new, old, tmp_path), BackupKeyMissing)


def test_a_failed_save_leaves_nothing(vault: Vault, profile: Path, settings: Settings) -> None:
    def stop() -> None:
        raise InterruptedError

    what = label()
    path = new_path(USER, what.account_id, what.backup_id, datetime(2026, 1, 1, tzinfo=UTC))
    with pytest.raises(InterruptedError):
        vault.save(profile, profile.with_name("scratch"), what, path, stop)
    assert not profile.with_name("scratch").exists()
    assert not settings.backups_dir.exists()


def test_errors_have_names_that_people_can_be_told() -> None:
    assert problem_of(BackupDamaged("x")) is BackupProblem.DAMAGED
    assert problem_of(OSError(28, "No space left on device")) is BackupProblem.DISK_FULL
    assert problem_of(OSError(5, "Input/output error")) is BackupProblem.INTERNAL
    assert problem_of(WhahookError("x", code="something_else")) is BackupProblem.INTERNAL
    assert problem_of(ZeroDivisionError()) is BackupProblem.INTERNAL
