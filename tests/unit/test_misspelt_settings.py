from __future__ import annotations

from pathlib import Path

import pytest

from session_core.launch.doctor import check_settings
from session_core.settings import Settings
from session_core.settings.misspelt import misspelt


@pytest.mark.parametrize(
    ("name", "meant"),
    [
        ("WHAHOOK_PROT", "WHAHOOK_PORT"),
        ("WHAHOOK_MAX_SESSION", "WHAHOOK_MAX_SESSIONS"),
        ("WHAHOOK_DATABASE_URL", "DATABASE_URL"),
        ("whahook_datadir", "WHAHOOK_DATA_DIR"),
        ("WHAHOOK_XYZZY", None),
    ],
)
def test_the_nearest_name_is_suggested(name: str, meant: str | None) -> None:
    (found,) = misspelt([name, "HOME"])
    assert (found.name, found.meant) == (name, meant)
    assert (meant or name) in str(found)


def test_settings_and_what_is_not_ours_are_fine() -> None:
    fine = ["WHAHOOK_PORT", "whahook_port", "DATABASE_URL", "WHAHOOK_TEST_SUPABASE_URL", "WHAHOOK_ENV_FILE", "PROT"]
    assert misspelt(fine) == []


def test_the_doctor_reads_the_file_too_and_repeats_no_value(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "settings.env"
    file.write_text("WHAHOOK_BAKUP_KEYS=geheim\nWHAHOOK_PORT=8000\n")
    monkeypatch.setitem(Settings.model_config, "env_file", str(file))
    monkeypatch.setenv("WHAHOOK_METRICS_TOKNE", "geheim")
    finding = check_settings()
    assert not finding.fine
    assert "WHAHOOK_BACKUP_KEYS" in finding.found
    assert "WHAHOOK_METRICS_TOKEN" in finding.found
    assert "geheim" not in finding.found + finding.hint
