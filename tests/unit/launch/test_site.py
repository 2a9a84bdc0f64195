"""The copy of the pages that one web process serves."""

from __future__ import annotations

import gzip
import os
from pathlib import Path

import pytest

from session_core.errors import FatalError
from session_core.launch.frontend import PLACEHOLDER, STAMP
from session_core.launch.site import KEEP, prepare_site

SCRIPT = f'const e={{EVENT:"ws://{PLACEHOLDER}/_event",PING:"http://{PLACEHOLDER}/ping"}};'


@pytest.fixture
def web(tmp_path: Path) -> Path:
    folder = tmp_path / ".web"
    assets = folder / "build" / "client" / "assets"
    assets.mkdir(parents=True)
    (assets / "env.js").write_text(SCRIPT)
    (assets / "env.js.gz").write_bytes(gzip.compress(SCRIPT.encode()))
    (assets / "logo.png").write_bytes(b"\x89PNG\xff\x00")
    (folder / "routes.json").write_text("{}")
    (folder / "node_modules").mkdir()
    (folder / STAMP).write_text("one")
    return folder


@pytest.mark.parametrize(
    ("url", "event", "ping"),
    [
        ("http://localhost:8123", "ws://localhost:8123/_event", "http://localhost:8123/ping"),
        ("https://wa.example.com", "wss://wa.example.com/_event", "https://wa.example.com/ping"),
    ],
)
def test_the_public_address_takes_the_place_of_the_placeholder(
    web: Path, tmp_path: Path, url: str, event: str, ping: str
) -> None:
    site = prepare_site(web, tmp_path / "copies", url)
    script = (site / "build/client/assets/env.js").read_text()
    assert event in script
    assert ping in script
    assert PLACEHOLDER not in script
    assert gzip.decompress((site / "build/client/assets/env.js.gz").read_bytes()).decode() == script
    assert (site / "build/client/assets/logo.png").read_bytes() == b"\x89PNG\xff\x00"
    assert not (site / "node_modules").exists()
    assert (web / "build/client/assets/env.js").read_text() == SCRIPT


def test_the_same_build_and_address_are_copied_once(web: Path, tmp_path: Path) -> None:
    first = prepare_site(web, tmp_path / "copies", "http://localhost:1")
    (first / "mark").touch()
    assert prepare_site(web, tmp_path / "copies", "http://localhost:1") == first
    assert (first / "mark").exists()


def test_a_new_build_gets_a_new_copy_and_the_old_one_stays_for_who_serves_it(web: Path, tmp_path: Path) -> None:
    first = prepare_site(web, tmp_path / "copies", "http://localhost:1")
    (web / STAMP).write_text("two")
    assert prepare_site(web, tmp_path / "copies", "http://localhost:1") != first
    assert first.is_dir()


def test_old_copies_go(web: Path, tmp_path: Path) -> None:
    copies = tmp_path / "copies"
    made = []
    for number in range(KEEP + 2):
        made.append(prepare_site(web, copies, f"http://localhost:{number + 1}"))
        os.utime(made[-1], (number, number))
    last = prepare_site(web, copies, "http://localhost:99")
    assert last.is_dir()
    assert len(list(copies.iterdir())) == KEEP


def test_a_build_with_another_address_in_it_is_refused(web: Path, tmp_path: Path) -> None:
    (web / "build/client/assets/env.js").write_text("nothing here")
    with pytest.raises(FatalError) as caught:
        prepare_site(web, tmp_path / "copies", "http://localhost:1")
    assert caught.value.code == "foreign_pages"
    assert list((tmp_path / "copies").iterdir()) == []


def test_no_build_says_what_to_do(web: Path, tmp_path: Path) -> None:
    (web / STAMP).unlink()
    with pytest.raises(FatalError, match="not built"):
        prepare_site(web, tmp_path / "copies", "http://localhost:1")
