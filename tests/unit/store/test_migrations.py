"""The migrations are one line: two branches that took the same number would be found only when a database is made."""

from __future__ import annotations

from pathlib import Path

from alembic.config import Config
from alembic.script import ScriptDirectory

from session_core.store import migrations

FOLDER = Path(migrations.__file__ or "").parent


def test_migrations_follow_one_another() -> None:
    config = Config()
    config.set_main_option("script_location", str(FOLDER))
    line = [script.revision for script in ScriptDirectory.from_config(config).walk_revisions("base", "heads")]
    files = sorted(path.name[:4] for path in (FOLDER / "versions").glob("[0-9]*.py"))
    assert line[::-1] == files
