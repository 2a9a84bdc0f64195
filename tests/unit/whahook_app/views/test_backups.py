"""Backups as lines of a list."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import pytest

from session_core.domain.backup import BackupProblem, BackupReason, BackupStatus, BackupView
from tests.unit.whahook_app.views.snapshots import ACCOUNT, NOW
from whahook_app.i18n import LANGUAGES, Language
from whahook_app.views.backups import backup_row, size_text


def backup(**changes: Any) -> BackupView:
    values: dict[str, Any] = {
        "id": UUID(int=9),
        "account_id": ACCOUNT,
        "status": BackupStatus.COMPLETE,
        "reason": BackupReason.SCHEDULED,
        "created_at": NOW,
        "size": 11_000_000,
        "clean": False,
        "store": "local",
    }
    return BackupView(**values | changes)


@pytest.mark.parametrize("language", LANGUAGES)
def test_everything_that_can_be_has_words(language: Language) -> None:
    words = [backup_row(backup(status=status), language).word for status in BackupStatus]
    assert len(set(words)) == len(BackupStatus)
    problems = [backup_row(backup(problem=problem), language).problem for problem in BackupProblem]
    assert len(set(problems)) == len(BackupProblem)
    assert all(backup_row(backup(reason=reason), language).about for reason in BackupReason)


def test_only_a_complete_one_can_be_used() -> None:
    usable = {status for status in BackupStatus if backup_row(backup(status=status), "es").usable}
    assert usable == {BackupStatus.COMPLETE}


def test_being_verified_is_shown_as_something_under_way() -> None:
    row = backup_row(backup(verifying=True), "es")
    assert (row.word, row.tone, row.icon) == ("Comprobando…", "wait", "loader")


def test_one_that_turned_out_damaged_does_not_say_that_it_was_whole_once() -> None:
    assert backup_row(backup(verified_at=NOW), "es").verified == NOW.isoformat()
    assert backup_row(backup(verified_at=NOW, status=BackupStatus.DAMAGED), "es").verified == ""


@pytest.mark.parametrize(
    ("size", "language", "said"),
    [(1, "es", "1 kB"), (300_000, "es", "293 kB"), (11_000_000, "es", "10,5 MB"), (11_000_000, "en", "10.5 MB")],
)
def test_sizes_are_said_as_people_do(size: int, language: Language, said: str) -> None:
    assert size_text(size, language) == said
