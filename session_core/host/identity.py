"""Who this host is: one name for each data folder, and one host for each data folder at a time."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from uuid import uuid4

from session_core.errors import FatalError
from session_core.launch.locks import try_lock

_NAME = re.compile(r"^host-[0-9a-f]{12}$")


@contextmanager
def only_host(data_dir: Path) -> Iterator[str]:
    """Be the only host on ``data_dir`` until the block ends; gives the host's id, which stays the same for ever.

    Raises:
        FatalError: ``host_running``, another host works on this folder.
    """
    data_dir.mkdir(parents=True, exist_ok=True)
    lock = try_lock(data_dir / "host.lock")
    if lock is None:
        raise FatalError(
            f"Another host is running on the data folder {data_dir}.",
            code="host_running",
            action="Stop it first, or set WHAHOOK_DATA_DIR to another folder.",
        )
    try:
        yield _host_id(data_dir / "host_id")
    finally:
        os.close(lock)


def _host_id(path: Path) -> str:
    if path.exists() and _NAME.match(known := path.read_text().strip()):
        return known
    name = f"host-{uuid4().hex[:12]}"
    # Written beside and moved into place: a crash in the middle must not leave half a name.
    fresh = path.with_suffix(".new")
    fresh.write_text(name + "\n")
    fresh.replace(path)
    return name
