"""What hosts have to share so that one can go on with another one's logins."""

from __future__ import annotations

import base64
import os
from pathlib import Path


def shared_backups(folder: Path) -> dict[str, str]:
    """Return the settings for one folder of backups below ``folder``, and one key."""
    key = base64.b64encode(os.urandom(32)).decode()
    return {"WHAHOOK_BACKUP_DIR": str(folder / "backups"), "WHAHOOK_BACKUP_KEYS": f"k1:{key}"}
