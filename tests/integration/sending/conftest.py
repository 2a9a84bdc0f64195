"""Accounts that are ready, for the tests of sending. SQLite only unless a file says otherwise."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from session_core.settings import Settings


@pytest.fixture
def database_kind() -> str:
    """One database is enough for what is about the bus and the processes."""
    return "sqlite"


@pytest.fixture
def settings(database_url: str, bus_url: str, tmp_path: Path) -> Settings:
    """Return settings with a short send timeout, so that what a dead worker leaves is taken over soon."""
    return Settings(
        data_dir=tmp_path / "data",
        database_url_setting=database_url,
        redis_url_setting=bus_url,
        send_timeout=timedelta(seconds=1),
    )
