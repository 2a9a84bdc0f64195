from __future__ import annotations

from pathlib import Path

import pytest

from session_core.backups.keys import KeyRing, load_keys
from tests.integration.backups.profiles import make_profile


@pytest.fixture
def profile(tmp_path: Path) -> Path:
    return make_profile(tmp_path / "profile")


@pytest.fixture
def keys(tmp_path: Path) -> KeyRing:
    return load_keys(None, tmp_path / "keys")
