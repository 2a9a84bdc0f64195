from __future__ import annotations

from pathlib import Path

import pytest

from session_core.browser import stamp
from session_core.browser.stamp import STAMP_NAME, Stamp


def test_values_are_changed_one_by_one(tmp_path: Path) -> None:
    assert stamp.read(tmp_path) == Stamp()
    stamp.change(tmp_path, chromium="156.0")
    stamp.change(tmp_path, failed_opens=2)
    assert stamp.read(tmp_path) == Stamp(chromium="156.0", failed_opens=2)
    assert [path.name for path in tmp_path.iterdir()] == [STAMP_NAME]


@pytest.mark.parametrize("content", ["", "{", "[]", "null", '{"failed_opens": "many"}', "\udcff"])
def test_one_that_cannot_be_read_is_as_good_as_none(tmp_path: Path, content: str) -> None:
    (tmp_path / STAMP_NAME).write_text(content, errors="surrogateescape")
    assert stamp.read(tmp_path) == Stamp()
    assert stamp.change(tmp_path, chromium="1").chromium == "1"


def test_what_a_newer_version_wrote_is_no_problem(tmp_path: Path) -> None:
    (tmp_path / STAMP_NAME).write_text('{"chromium": "9", "colour": "blue"}')
    assert stamp.read(tmp_path).chromium == "9"
