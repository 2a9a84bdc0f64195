"""``.env.example`` names every setting, with its real default."""

from __future__ import annotations

import re
from pathlib import Path

from session_core.settings import Settings
from session_core.settings.misspelt import setting_names
from tests.servers.processes import ROOT

EXAMPLE = ROOT / ".env.example"
LINES = dict(re.findall(r"^#([A-Z_]+)=(.*)$", EXAMPLE.read_text(), re.MULTILINE))
BY_MACHINE = {"WHAHOOK_START_CONCURRENCY"}
"""Their default depends on the machine, so the file shows an example."""


def test_every_setting_is_there_and_nothing_else() -> None:
    assert set(LINES) == setting_names()


def test_it_can_be_copied_as_it_is(tmp_path: Path) -> None:
    copy = tmp_path / ".env"
    copy.write_text(EXAMPLE.read_text())
    assert Settings(_env_file=copy) == Settings(_env_file=None)


def test_every_value_shown_is_valid_and_a_default_where_there_is_one(tmp_path: Path) -> None:
    copy = tmp_path / ".env"
    copy.write_text("\n".join(f"{name}={value}" for name, value in LINES.items()))
    shown, defaults = Settings(_env_file=copy), Settings(_env_file=None)
    for field, value in defaults:
        alias = Settings.model_fields[field].validation_alias
        variable = str(getattr(alias, "choices", [f"WHAHOOK_{field.upper()}"])[0])
        if value not in (None, "") and variable not in BY_MACHINE:
            assert getattr(shown, field) == value, variable


def test_every_line_is_a_comment() -> None:
    assert [line for line in EXAMPLE.read_text().splitlines() if line and not line.startswith("#")] == []
