"""When the pages are built again: exactly when something that they are made from changed."""

from __future__ import annotations

from pathlib import Path

import pytest

from session_core.errors import FatalError
from session_core.launch import frontend
from session_core.launch.frontend import (
    STAMP,
    build,
    build_environment,
    ensure_frontend,
    find_bun,
    fingerprint,
    is_fresh,
)


@pytest.fixture
def project(tmp_path: Path) -> Path:
    for name in ("whahook_app/pages/home.py", "session_core/services/send.py", "session_core/host/manager.py"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text("x = 1\n")
    for name in ("rxconfig.py", "package-lock.json", "requirements.txt"):
        (tmp_path / name).write_text("{}")
    return tmp_path


def built(project: Path) -> None:
    """Leave what a finished build leaves."""
    index = project / ".web" / "build" / "client" / "index.html"
    index.parent.mkdir(parents=True, exist_ok=True)
    index.write_text("<html>")
    (project / ".web" / STAMP).write_text(fingerprint(project) + "\n")


@pytest.mark.parametrize(
    "name",
    [
        "whahook_app/pages/home.py",
        "whahook_app/pages/new.py",
        "session_core/services/send.py",
        "rxconfig.py",
        "assets/a.css",
    ],
)
def test_a_changed_source_makes_it_stale(project: Path, name: str) -> None:
    built(project)
    assert is_fresh(project)
    (project / name).parent.mkdir(exist_ok=True)
    (project / name).write_text("x = 2\n")
    assert not is_fresh(project)


@pytest.mark.parametrize(
    "name", ["session_core/host/manager.py", "whahook_app/__pycache__/home.pyc", "assets/external/link.js", "README.md"]
)
def test_what_the_pages_are_not_made_from_does_not(project: Path, name: str) -> None:
    built(project)
    (project / name).parent.mkdir(parents=True, exist_ok=True)
    (project / name).write_text("x = 2\n")
    assert is_fresh(project)


def test_a_removed_source_makes_it_stale(project: Path) -> None:
    built(project)
    (project / "whahook_app/pages/home.py").unlink()
    assert not is_fresh(project)


def test_moving_text_between_files_changes_the_fingerprint(project: Path) -> None:
    one, two = project / "whahook_app/a.py", project / "whahook_app/b.py"
    one.write_text("ab")
    two.write_text("c")
    before = fingerprint(project)
    one.write_text("a")
    two.write_text("bc")
    assert fingerprint(project) != before


@pytest.mark.parametrize("lost", [STAMP, "build/client/index.html"])
def test_half_a_build_is_none(project: Path, lost: str) -> None:
    built(project)
    (project / ".web" / lost).unlink()
    assert not is_fresh(project)


def test_a_fresh_build_is_not_built_again(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    built(project)
    monkeypatch.setattr(frontend, "build", lambda root: pytest.fail("built again"))
    ensure_frontend(project)


def test_a_stale_build_is_built_once(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    calls: list[Path] = []
    monkeypatch.setattr(frontend, "build", lambda root: (calls.append(root), built(root)))
    ensure_frontend(project)
    ensure_frontend(project)
    assert calls == [project]


def bun(project: Path, package: str, exit_code: int = 0) -> Path:
    path = project / "node_modules" / "@oven" / package / "bin" / "bun"
    path.parent.mkdir(parents=True)
    path.write_text(f"#!/bin/sh\nexit {exit_code}\n")
    path.chmod(0o755)
    return path


def test_without_npm_packages_it_says_what_to_do(project: Path) -> None:
    with pytest.raises(FatalError) as caught:
        build(project)
    assert caught.value.code == "no_bun"


def test_of_several_buns_the_one_that_runs_is_taken(project: Path) -> None:
    bun(project, "bun-linux-x64", exit_code=132)
    musl = bun(project, "bun-linux-x64-musl")
    assert find_bun(project) == musl


def test_a_bun_that_an_install_script_has_moved_is_found(project: Path) -> None:
    moved = bun(project, "elsewhere")
    link = project / "node_modules" / ".bin" / "bun"
    link.parent.mkdir()
    link.symlink_to(moved)
    assert find_bun(project) == link


def test_the_build_uses_our_bun_and_tells_nobody(project: Path) -> None:
    found = bun(project, "bun-linux-x64")
    environment = build_environment(project, found)
    assert environment["PATH"].split(":")[0] == str(found.parent)
    assert environment["REFLEX_TELEMETRY_ENABLED"] == "false"
    assert environment["REFLEX_API_URL"].endswith(".invalid")
