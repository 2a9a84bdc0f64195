"""Running the contestants as an ordinary user, since Chromium does not run as root with its sandbox."""

from __future__ import annotations

import os
import shutil
import subprocess

# A user namespace in which we are somebody else; our files stay ours. Chromium makes its own namespaces inside it.
_NAMESPACE = ("unshare", "--user", "--map-user=1000", "--map-group=1000")


def as_ordinary_user() -> list[str] | None:
    """Return the words to put before a command so that no root runs it; none for who is ordinary already.

    None: this machine does not allow it, so that nobody's Chromium can have its sandbox.
    """
    if os.geteuid() != 0:
        return []
    if shutil.which("unshare") is None:
        return None
    allowed = subprocess.run([*_NAMESPACE, "unshare", "--user", "true"], check=False, capture_output=True)
    return list(_NAMESPACE) if allowed.returncode == 0 else None
