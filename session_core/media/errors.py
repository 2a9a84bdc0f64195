"""What can be wrong with a file."""

from __future__ import annotations

import errno
from collections.abc import Iterator
from contextlib import contextmanager

from session_core.backups.errors import BackupMissing, StoreAway, StoreRefused
from session_core.errors import FatalError, NotFound, PolicyError, TransientError, WhahookError

_FULL = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})


class MediaTooLarge(PolicyError):
    """The file is larger than allowed."""

    def __init__(self, limit: int) -> None:
        super().__init__(
            f"The file has more than {limit} bytes.",
            code="media_too_large",
            action="Send a smaller one; the operator can raise WHAHOOK_MEDIA_MAX_SIZE.",
            status_code=413,
        )


class StorageFull(PolicyError):
    """The disk behind the store has no room. Nothing of the file was kept."""

    def __init__(self) -> None:
        super().__init__(
            "There is no room left for files on this server.",
            code="storage_full",
            action="Delete files that are not needed, or have the operator make room.",
            status_code=507,
        )


class StorageAway(TransientError):
    """The store does not answer."""

    default_code = "storage_unavailable"


@contextmanager
def named() -> Iterator[None]:
    """Turn what the stores and the disk raise into errors about media.

    Raises:
        StorageFull: there is no room.
        StorageAway: it may work in a moment.
        FatalError: ``storage_refused``, somebody has to change a setting first.
        NotFound: the store does not have the file.
    """
    try:
        yield
    except BackupMissing as error:
        raise NotFound("media") from error
    except StoreAway as error:
        raise StorageAway(error.message, action="Try again.") from error
    except StoreRefused as error:
        raise FatalError(error.message, code="storage_refused", action=error.action) from error
    except WhahookError:
        raise
    except OSError as error:
        if error.errno in _FULL:
            raise StorageFull from error
        raise StorageAway(f"The folder of the files does not work ({error.strerror}).", action="Try again.") from error
