"""docs/webhooks.md keeps up with the code."""

from __future__ import annotations

import json
import re
from pathlib import Path
from uuid import UUID

from session_core.domain.webhooks import EVENT_TYPES, TEST
from session_core.settings import Settings
from session_core.webhooks import body, signature
from tests.factories import T0

ROOT = Path(__file__).resolve().parents[3]
DOCUMENT = (ROOT / "docs" / "webhooks.md").read_text()


def test_every_event_is_described_and_no_other() -> None:
    rows = re.findall(r"^\| ((?:`[a-z._]+` ?)+)\|", DOCUMENT, re.MULTILINE)
    described = {name for row in rows for name in re.findall(r"`([a-z]+\.[a-z_]+)`", row)}
    assert described == {*EVENT_TYPES, TEST}


def test_every_event_that_is_written_can_be_chosen() -> None:
    sources = [path for folder in ("host", "services", "sending") for path in ROOT.glob(f"session_core/{folder}/*.py")]
    written = {
        name
        for path in sources
        for name in re.findall(r'"((?:message|poll|presence|call|consent|session)\.[a-z_]+)"', path.read_text())
    }
    assert len(written) > 8
    assert written - EVENT_TYPES.keys() == set(), "add it to EVENT_TYPES and to docs/webhooks.md"


def test_the_envelope_is_the_one_that_is_sent() -> None:
    (example,) = re.findall(r"```json\n(.+?)```", DOCUMENT, re.DOTALL)
    sent = body.envelope(body.Told(UUID(int=1), "x.y", T0, {}))
    assert list(json.loads(example)) == list(sent)


def test_every_header_is_explained() -> None:
    for name in signature.headers("evt_1", b"", [signature.new_secret()], T0):
        assert f"`{name}" in DOCUMENT, name


def test_the_settings_and_their_defaults_are_the_real_ones() -> None:
    for field in Settings.model_fields:
        if field.startswith("webhook_"):
            assert f"WHAHOOK_{field.upper()}" in DOCUMENT, field
