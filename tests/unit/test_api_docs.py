"""docs/api.md keeps up with the code: every error code and every route is in it, and nothing else."""

from __future__ import annotations

import re
from pathlib import Path

from session_core.services.hosts import REFUSALS
from session_core.settings import Settings
from whahook_app.api.app import create_api

ROOT = Path(__file__).resolve().parents[2]
DOCUMENT = (ROOT / "docs" / "api.md").read_text()

SOURCES = (
    *ROOT.glob("session_core/services/*.py"),
    *ROOT.glob("session_core/domain/*.py"),
    *ROOT.glob("session_core/media/*.py"),
    ROOT / "session_core/webhooks/own_headers.py",
    ROOT / "session_core/bus/commands.py",
    ROOT / "session_core/errors.py",
    ROOT / "session_core/host/doings.py",
    *ROOT.glob("whahook_app/api/**/*.py"),
    *ROOT.glob("whahook_app/auth/*.py"),
)

NOT_FROM_THE_API = {
    "error",
    "fatal",
    "login_required",
    "person_required",
    "refused",
    "try_again",
    "bad_form",
    "bad_command",
    "bad_limit",
    "no_such_user",
    "internal",
    "unknown",
    "host_failed",
}
"""Defaults that are always replaced, the forms' own, and the host's answers to the bus."""


def codes_in_the_code() -> set[str]:
    found = set()
    for source in SOURCES:
        text = source.read_text()
        found |= set(re.findall(r'\bcode="([a-z_]+)"', text))
        found |= set(re.findall(r'default_code = "([a-z_]+)"', text))
        found |= {f"{what}_not_found" for what in re.findall(r'NotFound\("([a-z_]+)"\)', text)}
        found |= set(re.findall(r'problem\(\s*\w+,\s*"([a-z_]+)"', text))
    return found | set(REFUSALS)


def codes_in_the_document() -> set[str]:
    rows = re.findall(r"^\| [45]\d\d \| (.+?) \|", DOCUMENT, re.MULTILINE)
    return {code for row in rows for code in re.findall(r"`([a-z_]+)`", row)}


def test_every_error_code_is_described() -> None:
    found = codes_in_the_code()
    assert len(found) > 20
    assert found - NOT_FROM_THE_API - codes_in_the_document() == set()


def test_no_code_is_described_that_there_is_not() -> None:
    assert codes_in_the_document() - codes_in_the_code() == set()


def test_every_route_is_mentioned() -> None:
    paths = create_api(lambda: None, Settings()).openapi()["paths"]
    for path in paths:
        last = path.rstrip("/").rpartition("/")[2]
        if not last.startswith("{"):
            assert last in DOCUMENT, path


def test_every_field_of_an_account_is_explained() -> None:
    schema = create_api(lambda: None, Settings()).openapi()["components"]["schemas"]["Account"]
    for field in schema["properties"]:
        assert f"`{field}`" in DOCUMENT, field
