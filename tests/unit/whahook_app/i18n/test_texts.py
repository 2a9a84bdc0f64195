"""Every text is there in both languages, and everything that can happen has a text."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path
from string import Formatter

import pytest

from session_core.domain.message import MessageStatus
from session_core.domain.status import ReasonCode, SessionStatus
from whahook_app.i18n import LANGUAGES, TEXTS, choose, counted, message_status, next_step, reason, status_word, text

ROOT = Path(__file__).resolve().parents[4]
RAISED_FOR_PAGES = ("services", "domain", "bus")
"""Where the errors come from that pages show."""

NOT_SHOWN = {"bad_setting", "bad_limit", "no_such_user"}


def fields(template: str) -> set[str]:
    return {name for _, name, _, _ in Formatter().parse(template) if name}


def string_constants(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield node.value


def test_both_languages_have_the_same_texts() -> None:
    assert sorted(TEXTS["es"]) == sorted(TEXTS["en"])


@pytest.mark.parametrize("key", sorted(TEXTS["es"]))
def test_both_languages_fill_in_the_same_things(key: str) -> None:
    assert fields(TEXTS["es"][key]) == fields(TEXTS["en"][key])


@pytest.mark.parametrize("language", LANGUAGES)
def test_no_text_is_empty_but_the_reason_of_nothing(language: str) -> None:
    empty = {key for key, value in TEXTS[language].items() if not value.strip()}
    assert empty == {"reason.none", "next.none"}


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("code", list(ReasonCode))
def test_every_reason_says_why_and_what_now(language: str, code: ReasonCode) -> None:
    if code is ReasonCode.NONE:
        assert reason(language, code) == next_step(language, code) == ""
    else:
        assert reason(language, code).endswith(".")
        assert next_step(language, code).endswith(".")


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_state_has_a_word_of_its_own(language: str) -> None:
    words = [status_word(language, status) for status in SessionStatus]
    assert len(set(words)) == len(words)
    steps = [message_status(language, status) for status in MessageStatus]
    assert len(set(steps)) == len(steps)


def test_every_error_that_a_service_raises_has_a_text() -> None:
    sources = [path for folder in RAISED_FOR_PAGES for path in (ROOT / "session_core" / folder).glob("*.py")]
    raised = {
        code
        for path in sources
        for code in re.findall(r'(?:default_)?code(?:: str)? ?= ?"([a-z_]+)"', path.read_text())
    }
    assert len(raised) > 15
    missing = {code for code in raised - NOT_SHOWN if f"error.{code}" not in TEXTS["es"]}
    assert not missing


def test_every_refusal_of_whatsapp_has_a_text() -> None:
    scripts = [path.read_text(encoding="utf-8") for path in (ROOT / "session_core" / "whatsapp").glob("*.js")]
    refused = {code for script in scripts for code in re.findall(r'refused: "([a-z_]+)"', script)}
    assert refused
    assert {code for code in refused if f"failure.{code}" not in TEXTS["es"]} == set()


def test_no_text_is_left_that_nobody_shows() -> None:
    sources = [path for path in (ROOT / "whahook_app").rglob("*.py") if path.stem not in ("es", "en")]
    said = {value for path in sources for value in string_constants(path)}
    made = (
        "status.",
        "reason.",
        "next.",
        "message.",
        "error.",
        "failure.",
        "activity.",
        "phase.",
        "confirm.",
        "chats.kind.",
        "chats.unread.",
        "history.days.",
        "history.erased.",
        "action.",
    )
    made += (
        "move.obstacle.",
        "move.room.",
        "move.running.",
        "uptime.24h",
        "uptime.7d",
        "health.",
        "sign.",
        "cure.",
        "alert.",
        "alerts.kind.",
        "alerts.language.",
        "resources.",
        "backup.",
        "webhooks.state.",
        "webhooks.next.",
        "webhooks.status.",
        "webhooks.problem.",
        "webhooks.by_",
        "webhooks.form.",
        "webhooks.replay.since.",
        "webhooks.replayed.",
    )
    made += (
        "media.problem.",
        "media.auto.",
        "hold.",
        "sending.now.",
        "sending.count.",
        "chats.poll.votes.",
        "chats.react.",
        "chats.compose.",
        "chats.not_done.",
    )
    made += ("sign_in.", "sign_up.", "empty.step", "connect.kind.", "card.queued.", "capacity.room.")
    keys = {key for key in TEXTS["es"] if not key.startswith(made)}
    assert keys - said == set()


def test_counts_have_a_singular() -> None:
    assert counted("es", "capacity.room", 1) == "queda sitio para una más"
    assert counted("en", "capacity.room", 5) == "room for 5 more"


def test_an_unknown_text_is_an_error() -> None:
    with pytest.raises(KeyError):
        text("es", "no.such.text")


@pytest.mark.parametrize(
    ("cookie", "header", "expected"),
    [
        ("en", "es-ES,es", "en"),
        ("es", "en-US", "es"),
        ("", "en-GB,en;q=0.9,es;q=0.8", "en"),
        ("", "de-DE,de;q=0.9,en;q=0.8", "en"),
        ("", "fr-FR", "es"),
        ("", "", "es"),
        ("<script>", "en", "en"),
        (None, ";;,,", "es"),
        (["en"], "", "es"),
    ],
)
def test_the_language_is_the_chosen_one_then_the_browsers(cookie: object, header: str, expected: str) -> None:
    assert choose(cookie, header) == expected
