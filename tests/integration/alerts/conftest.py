"""A mail server, accounts that are well or not, and what hosts say about them."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from session_core.settings import Settings
from tests.servers.smtp import MailServer, running_smtp


@pytest.fixture
async def smtp() -> AsyncIterator[MailServer]:
    """Give a mail server without encryption, as a relay on the same machine is."""
    async with running_smtp() as server:
        yield server


@pytest.fixture
def settings(database_url: str, bus_url: str, tmp_path: Path, smtp: MailServer) -> Settings:
    """Return settings that name this test's database, bus and mail server."""
    return Settings(
        data_dir=tmp_path / "data",
        database_url_setting=database_url,
        redis_url_setting=bus_url,
        public_url_setting="https://wa.example.org",
        smtp_host="127.0.0.1",
        smtp_port=smtp.port,
        smtp_starttls="off",
    )
