"""What can be wrong with a backup. None of these has touched a profile."""

from __future__ import annotations

import errno

from session_core.domain.backup import BackupProblem
from session_core.errors import FatalError, TransientError, WhahookError


class BackupDamaged(FatalError):
    """The archive is cut, changed, or something else altogether."""

    default_code = BackupProblem.DAMAGED


class BackupForeign(FatalError):
    """The archive is whole and belongs to another account, or is another backup than the one asked for."""

    default_code = BackupProblem.FOREIGN


class BackupKeyMissing(FatalError):
    """The key that the archive was made with is not among ours."""

    default_code = BackupProblem.KEY_MISSING


class BackupMissing(FatalError):
    """There is no such archive in the store."""

    default_code = BackupProblem.MISSING


class StoreAway(TransientError):
    """The store does not answer, or not as it should; it may work in a moment."""

    default_code = BackupProblem.STORE


class StoreRefused(FatalError):
    """The store does not take it (its key, its limits); somebody has to change a setting."""

    default_code = BackupProblem.REFUSED


class ProfileNotReadable(TransientError):
    """The profile could not be copied this time: its browser ended, took too long, or is not there."""

    default_code = BackupProblem.PROFILE


def problem_of(error: BaseException) -> BackupProblem:
    """Turn an error into what people are told."""
    if isinstance(error, WhahookError):
        try:
            return BackupProblem(error.code)
        except ValueError:
            return BackupProblem.INTERNAL
    if isinstance(error, OSError) and error.errno in {errno.ENOSPC, errno.EDQUOT}:
        return BackupProblem.DISK_FULL
    return BackupProblem.INTERNAL
