"""The command line: a wrong value is one line, a missing thing says what to do, and nothing else is printed."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from session_core.launch.services import SERVICES
from tests.servers.processes import ROOT, clean_environment


def command(*words: str, cwd: Path = ROOT, **env: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "session_core", *words],
        env={**clean_environment(), "PYTHONPATH": str(ROOT), **env},
        cwd=cwd,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
        stdin=subprocess.DEVNULL,
    )


@pytest.mark.parametrize("name", ["run", "migrate", "doctor", *(service.name for service in SERVICES)])
def test_a_wrong_value_stops_every_command_with_one_line(name: str, tmp_path: Path) -> None:
    done = command(name, WHAHOOK_PORT="eight", WHAHOOK_DATA_DIR=str(tmp_path))
    assert done.returncode == 2
    assert done.stdout == ""
    assert len(done.stderr.splitlines()) == 1
    assert done.stderr.startswith("WHAHOOK_PORT: ")
    assert list(tmp_path.iterdir()) == []


def test_a_password_in_a_wrong_address_is_not_repeated(tmp_path: Path) -> None:
    done = command("run", DATABASE_URL="mysql://me:hunter2@db/x", WHAHOOK_DATA_DIR=str(tmp_path))
    assert done.returncode == 2
    assert "DATABASE_URL" in done.stderr
    assert "hunter2" not in done.stderr + done.stdout


@pytest.mark.parametrize(
    ("setting", "other"), [("WHAHOOK_PORT", {}), ("WHAHOOK_SANDBOX_PORT", {}), ("WHAHOOK_SANDBOX_HTTPS_PORT", {})]
)
def test_a_port_in_use_names_the_setting_to_change(setting: str, other: dict[str, str], tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = str(taken.getsockname()[1])
        done = command("run", WHAHOOK_DATA_DIR=str(tmp_path), **{**free_ports(), **other, setting: port})
    assert done.returncode == 2
    assert done.stderr.splitlines() == [
        f"{setting}: port {port} is in use by another program. End that program, or set {setting} to a free port."
    ]


def test_the_same_port_twice_is_seen_before_anything_starts(tmp_path: Path) -> None:
    ports = free_ports()
    ports["WHAHOOK_SANDBOX_PORT"] = ports["WHAHOOK_PORT"]
    done = command("run", WHAHOOK_DATA_DIR=str(tmp_path), **ports)
    assert done.returncode == 2
    assert done.stderr.startswith("WHAHOOK_SANDBOX_PORT: ")


def test_a_data_folder_that_cannot_be_written(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    done = command("run", WHAHOOK_DATA_DIR=str(tmp_path / "file" / "data"), **free_ports())
    assert done.returncode == 2
    assert done.stderr.startswith("WHAHOOK_DATA_DIR: ")


def test_a_browser_that_is_none(tmp_path: Path) -> None:
    done = command("run", WHAHOOK_DATA_DIR=str(tmp_path), CHROMIUM_PATH="/no/such/browser", **free_ports())
    assert done.returncode == 2
    assert done.stderr.splitlines() == ["CHROMIUM_PATH: /no/such/browser is not a program that can be run."]


@pytest.mark.parametrize("name", ["run", "web"])
def test_it_wants_to_be_started_in_its_own_folder(name: str, tmp_path: Path, valkey_url: str) -> None:
    done = command(name, cwd=tmp_path, WHAHOOK_DATA_DIR=str(tmp_path), REDIS_URL=valkey_url)
    assert done.returncode == 1
    assert done.stderr.splitlines() == [f"Start this in {ROOT}."]


def test_help_lists_the_commands() -> None:
    done = command("--help")
    assert done.returncode == 0
    for name in ("run", "web", "host", "worker", "sandbox", "valkey", "migrate", "doctor"):
        assert name in done.stdout


def test_doctor_says_what_is_missing(tmp_path: Path) -> None:
    empty = tmp_path / "empty"
    empty.mkdir()
    done = command(
        "doctor",
        WHAHOOK_DATA_DIR=str(tmp_path),
        REDIS_URL=f"unix://{tmp_path}/nobody.sock",
        DATABASE_URL=f"postgresql://nobody:secret@/none?host={tmp_path}",
        PATH=str(empty),
        **free_ports(),
    )
    assert done.returncode == 1
    rows = {line[7:].split("  ")[0]: line[:5] for line in done.stdout.splitlines() if not line.startswith(" ")}
    assert rows["Python"] == "ok   "
    assert rows["Node.js"] == rows["Redis"] == rows["Database"] == "WRONG"
    assert "Check DATABASE_URL." in done.stdout
    assert "secret" not in done.stdout + done.stderr


def test_doctor_is_content_with_a_machine_where_nothing_ran_yet(tmp_path: Path) -> None:
    done = command("doctor", WHAHOOK_DATA_DIR=str(tmp_path / "data"), **free_ports())
    assert done.returncode == 0, done.stdout
    assert "WRONG" not in done.stdout
    assert not (tmp_path / "data").exists()


def free_ports() -> dict[str, str]:
    """Three ports that are free now; nothing listens on them in these tests."""
    names = ("WHAHOOK_PORT", "WHAHOOK_SANDBOX_PORT", "WHAHOOK_SANDBOX_HTTPS_PORT")
    probes = [socket.create_server(("127.0.0.1", 0)) for _ in names]
    ports = {name: str(probe.getsockname()[1]) for name, probe in zip(names, probes, strict=True)}
    for probe in probes:
        probe.close()
    return ports


def test_settings_of_the_developer_do_not_reach_these_tests() -> None:
    assert clean_environment()["WHAHOOK_ENV_FILE"] == os.devnull
