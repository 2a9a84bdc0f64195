from __future__ import annotations

import json
import logging
from collections.abc import Iterator

import pytest
import structlog

from session_core.log import SECRET_NAMES, redact, setup_logging

HIDDEN = "[hidden]"


@pytest.mark.parametrize("name", [*sorted(SECRET_NAMES), "Password", "csrf_token", "new_password", "client_secret"])
def test_secret_fields_are_hidden(name: str) -> None:
    assert redact(None, "info", {name: "hunter2"}) == {name: HIDDEN}


@pytest.mark.parametrize("name", ["reason_code", "wa_key", "account_id", "status", "event"])
def test_other_fields_are_not(name: str) -> None:
    assert redact(None, "info", {name: "ready"}) == {name: "ready"}


@pytest.mark.parametrize(
    ("written", "logged"),
    [
        ("redis://:hunter2@h:6379/0", "redis://:[hidden]@h:6379/0"),
        ("postgresql+asyncpg://ana:hunter2@h/d", "postgresql+asyncpg://ana:[hidden]@h/d"),
        ("error at redis://u:hun@ter2@h now", "error at redis://u:[hidden]@h now"),
        ("http://localhost:8000/healthz", "http://localhost:8000/healthz"),
        ("nothing to see", "nothing to see"),
    ],
)
def test_passwords_in_addresses_are_hidden(written: str, logged: str) -> None:
    assert redact(None, "info", {"error": written})["error"] == logged


@pytest.fixture
def _logging_as_before() -> Iterator[None]:
    root = logging.getLogger()
    handlers, level, configured = root.handlers[:], root.level, structlog.get_config()
    yield
    root.handlers[:] = handlers
    root.setLevel(level)
    structlog.configure(**configured)


@pytest.mark.usefixtures("_logging_as_before")
class TestLines:
    def test_our_lines_and_those_of_libraries_are_json_without_secrets(
        self, capsys: pytest.CaptureFixture[str]
    ) -> None:
        setup_logging(json=True)
        structlog.get_logger("ours").warning("connected", url="redis://:hunter2@h", token="hunter2")
        logging.getLogger("theirs").warning("cannot reach %s", "redis://:hunter2@h")
        lines = [json.loads(line) for line in capsys.readouterr().err.splitlines()]
        assert [line["event"] for line in lines] == ["connected", "cannot reach redis://:[hidden]@h"]
        assert lines[0]["url"] == "redis://:[hidden]@h"
        assert lines[0]["token"] == HIDDEN
        assert {line["level"] for line in lines} == {"warning"}
        assert all(line["timestamp"].endswith("Z") for line in lines)

    @pytest.mark.parametrize("as_json", [True, False])
    def test_an_errors_text_is_looked_at_too(self, capsys: pytest.CaptureFixture[str], as_json: bool) -> None:
        setup_logging(json=as_json)
        try:
            raise ConnectionError("redis://:hunter2@h is away")
        except ConnectionError:
            structlog.get_logger("ours").exception("failed")
        written = capsys.readouterr().err
        assert "ConnectionError" in written
        # The line of code that raised it is ours and has no secret in real life; the error's own text may.
        assert "ConnectionError: redis://:[hidden]@h is away" in written

    def test_the_level_is_kept(self, capsys: pytest.CaptureFixture[str]) -> None:
        setup_logging(level="WARNING", json=True)
        structlog.get_logger("ours").info("not shown")
        logging.getLogger("httpx").info("not shown")
        assert capsys.readouterr().err == ""


@pytest.mark.parametrize(
    ("text", "secret"),
    [
        ("headers {'cookie': 'lang=es; wh_session=DpyuYBN0abc-_x; theme=dark'}", "DpyuYBN0abc-_x"),
        ("cookie: __Host-wh_session=DpyuYBN0abc", "DpyuYBN0abc"),
        ("key wak_9e82aa11bb_AbC-dEf_123 refused", "AbC-dEf_123"),
        (
            "Error processing event queue entry for Event(name='app.state.gone', router_data={'token': 'f2b02cbc'}, "
            "payload={'text': 'see you at (eight)'})",
            "f2b02cbc",
        ),
    ],
)
def test_credentials_inside_a_text_are_hidden(text: str, secret: str) -> None:
    shown = str(redact(None, "error", {"event": text})["event"])
    assert secret not in shown
    assert "eight" not in shown
    assert shown[:7] == text[:7], "the rest is still there to be read"
