"""A backup of an account's login as a line of a list."""

from __future__ import annotations

import dataclasses

from session_core.domain.backup import BackupStatus, BackupView
from whahook_app.i18n import Language, text

B = BackupStatus

TONE = {
    B.REQUESTED: "wait",
    B.UPLOADING: "wait",
    B.COMPLETE: "ok",
    B.FAILED: "bad",
    B.DAMAGED: "bad",
    B.DELETING: "idle",
}
ICON = {
    B.REQUESTED: "clock",
    B.UPLOADING: "loader",
    B.COMPLETE: "check",
    B.FAILED: "alert",
    B.DAMAGED: "alert",
    B.DELETING: "loader",
}

KIB, MIB = 1024, 1024 * 1024


@dataclasses.dataclass
class BackupRow:
    """One backup. ``verified`` is when it was last proved whole; ``usable`` ones can be verified and restored."""

    id: str = ""
    at: str = ""
    tone: str = "idle"
    icon: str = "clock"
    word: str = ""
    about: str = ""
    verified: str = ""
    problem: str = ""
    usable: bool = False
    verifying: bool = False


def backup_row(backup: BackupView, language: Language) -> BackupRow:
    """Make the line of a backup."""
    status = backup.status
    return BackupRow(
        id=str(backup.id),
        at=backup.created_at.isoformat(),
        tone="wait" if backup.verifying else TONE[status],
        icon="loader" if backup.verifying else ICON[status],
        word=text(language, "backup.verifying" if backup.verifying else f"backup.status.{status.value}"),
        about=_about(backup, language),
        verified=backup.verified_at.isoformat() if backup.verified_at and status is B.COMPLETE else "",
        problem=text(language, f"backup.problem.{backup.problem.value}") if backup.problem else "",
        usable=status is B.COMPLETE,
        verifying=backup.verifying,
    )


def size_text(size: int, language: Language) -> str:
    """Return a size as people say it, e.g. ``10,4 MB``."""
    if size < MIB:
        return f"{max(1, round(size / KIB))} kB"
    digits = f"{size / MIB:.1f}"
    return f"{digits.replace('.', ',') if language == 'es' else digits} MB"


def _about(backup: BackupView, language: Language) -> str:
    why = text(language, f"backup.reason.{backup.reason.value}")
    return f"{why} · {size_text(backup.size, language)}" if backup.size else why
