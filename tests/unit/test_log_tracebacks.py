"""A traceback in the log shows code and lines, never the values that were in it."""

from __future__ import annotations

import logging
from collections.abc import Iterator

import pytest
import structlog

from session_core.log import setup_logging


@pytest.fixture
def _logging_as_before() -> Iterator[None]:
    root = logging.getLogger()
    handlers, level, configured = root.handlers[:], root.level, structlog.get_config()
    yield
    root.handlers[:] = handlers
    root.setLevel(level)
    structlog.configure(**configured)


@pytest.mark.usefixtures("_logging_as_before")
@pytest.mark.parametrize("json", [True, False])
def test_local_variables_are_not_shown(json: bool, capsys: pytest.CaptureFixture[str]) -> None:
    setup_logging(json=json)
    password = "hunter" + str(22 // 11)
    try:
        _ = {"nothing": password}["missing"]
    except KeyError:
        structlog.get_logger("test").exception("it_broke")
    written = capsys.readouterr().err
    assert "it_broke" in written
    assert "KeyError" in written
    assert "hunter2" not in written
