"""Every e-mail in both languages: complete, safe, and with one link."""

from __future__ import annotations

import re
from datetime import UTC, datetime, time
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from html.parser import HTMLParser
from string import Formatter
from typing import Any, get_args
from uuid import UUID

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from session_core.alerts.letter import MAX_NAME, MAX_NAMES, Content, compose, message_id, one_line
from session_core.alerts.smtp import greeting_name
from session_core.alerts.texts import TEXTS
from session_core.domain.alerts import AlertKind, AlertPreferences, Language, QuietHours
from session_core.domain.status import ReasonCode
from tests.servers.smtp import subject

LANGUAGES: tuple[Language, ...] = get_args(Language)
ALERT = UUID("00000000-0000-4000-8000-000000000001")
ACCOUNT = UUID("00000000-0000-4000-8000-000000000002")
URL = "https://wa.example.org"
NOW = datetime(2026, 5, 1, 21, 5, tzinfo=UTC)


def written(
    kind: AlertKind = AlertKind.NEEDS_PERSON,
    language: Language = "en",
    *,
    names: tuple[str, ...] = ("Shop",),
    reason: ReasonCode = ReasonCode.UNLINKED,
    account: UUID | None = ACCOUNT,
    to: str = "ana@example.org",
    answers: UUID | None = None,
    quiet: QuietHours | None = None,
) -> EmailMessage:
    """Return an e-mail as it is handed over."""
    content = Content(ALERT, kind, account, names, reason, NOW, answers)
    return compose(
        content,
        to=to,
        preferences=AlertPreferences(language=language, quiet_hours=quiet),
        sender=("WhaHook", "alerts@example.org"),
        public_url=URL,
        now=NOW,
    )


def letter(*args: Any, **options: Any) -> EmailMessage:
    """Return an e-mail as its receiver's program reads it."""
    return message_from_bytes(written(*args, **options).as_bytes(), policy=default)


def plain(message: EmailMessage) -> str:
    return message.get_body(("plain",)).get_content().replace("\r\n", "\n")


class Page(HTMLParser):
    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.links: list[str] = []
        self.words: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.links += [value or "" for name, value in attrs if name in {"href", "src"}]

    def handle_data(self, data: str) -> None:
        self.words.append(data)


def html(message: EmailMessage) -> Page:
    return Page(message.get_body(("html",)).get_content())


def test_both_languages_have_the_same_texts_with_the_same_blanks() -> None:
    blanks = [
        {key: {name for _, name, _, _ in Formatter().parse(text) if name} for key, text in TEXTS[language].items()}
        for language in LANGUAGES
    ]
    assert blanks[0] == blanks[1]
    assert all(text.strip() for language in LANGUAGES for text in TEXTS[language].values())


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("account", [ACCOUNT, None])
@pytest.mark.parametrize("kind", list(AlertKind))
def test_every_kind_is_complete(kind: AlertKind, account: UUID | None, language: Language) -> None:
    message = letter(kind, language, account=account)
    assert message["Subject"]
    assert message["Content-Language"] == language
    text, page = plain(message), html(message)
    for words in (message["Subject"], text, " ".join(page.words)):
        assert not re.search(r"[{}]|None|Undefined", words)
    link = f"{URL}/settings/connections" + (f"#account-{account}" if account else "")
    if kind is AlertKind.WEBHOOK_OFF:
        link = f"{URL}/webhooks"
    assert link in text.split()
    assert page.links == [link]
    first = TEXTS[language][f"{'back_host' if kind is AlertKind.BACK and not account else kind}.lead"].split("{")[0]
    assert text.startswith(first)


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("reason", list(ReasonCode))
@pytest.mark.parametrize("kind", [AlertKind.NEEDS_PERSON, AlertKind.DOWN])
def test_every_reason_leaves_something_to_do(kind: AlertKind, reason: ReasonCode, language: Language) -> None:
    text = plain(letter(kind, language, reason=reason))
    body = text.split("\n\n")
    assert len(body) >= 4
    assert "\n\n\n" not in text
    assert "  " not in text


def test_the_headers_of_a_machine() -> None:
    message = letter()
    assert message["From"] == "WhaHook <alerts@example.org>"
    assert message["To"] == "ana@example.org"
    assert message["Date"].datetime == NOW
    assert message["Message-ID"] == f"<alert-{ALERT}@wa.example.org>"
    assert message["Auto-Submitted"] == "auto-generated"
    assert message["In-Reply-To"] is None


def test_good_news_answers_the_bad() -> None:
    message = letter(AlertKind.BACK, answers=ACCOUNT)
    assert message["In-Reply-To"] == message["References"] == message_id(ACCOUNT, URL)


def test_the_same_alert_has_the_same_id_at_every_try() -> None:
    assert letter()["Message-ID"] == letter()["Message-ID"]


@pytest.mark.parametrize(
    "name",
    [
        "Shop\r\nBcc: eva@example.org",
        "Shop\n\n<script>alert(1)</script>",
        "\u2028Bcc: x\u2029",
        "<img src=http://evil.example/x.png>",
        "=?utf-8?q?=0ABcc:_x@y?=",
        "\u202egpj.exe",
        "{account} {0} %s ${x} {{ link }}",
    ],
)
@pytest.mark.parametrize("kind", [AlertKind.DOWN, AlertKind.HOST_LOST])
def test_a_name_is_a_name_and_nothing_else(name: str, kind: AlertKind) -> None:
    usual, message = letter(kind), letter(kind, names=(name, name))
    assert sorted(message.keys()) == sorted(usual.keys())
    assert message["To"] == "ana@example.org"
    assert html(message).tags == html(usual).tags
    assert html(message).links == html(usual).links


@given(st.text(max_size=200))
@example("00¡0000¡¡¡000000¡𜼀000¡Íßîý\x91¬\U0004dd35𪪼")
@example("Peluquería Ñandú y Compañía, señora Begoña Núñez Íñiguez")
def test_any_name_makes_a_letter(name: str) -> None:
    message = letter(names=(name,))
    assert sorted(message.keys()) == sorted(letter().keys())
    shown = one_line(name)
    assert len(shown) <= MAX_NAME
    assert shown.isprintable()
    assert subject(message) == f"“{shown}” needs you"


@pytest.mark.parametrize(
    "to", ["eva@example.org\r\nBcc: x@example.org", "eva@example.org, x@example.org", "eva", "", '"a\nb"@example.org']
)
def test_an_address_is_one_address(to: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        letter(to=to)


def test_addresses_in_other_scripts() -> None:
    assert letter(to="ana@exámple.org")["To"] == "ana@xn--exmple-qta.org"
    assert "To: ñandú@example.org\r\n".encode() in written(to="ñandú@example.org").as_bytes()


def test_many_accounts_are_counted_not_listed() -> None:
    text = plain(letter(AlertKind.HOST_LOST, names=tuple(f"Shop {n}" for n in range(MAX_NAMES + 3)), account=None))
    assert f"Shop {MAX_NAMES - 1}, and 3 more" in text
    assert f"Shop {MAX_NAMES}," not in text


def test_times_are_in_the_zone_that_is_known() -> None:
    assert "1 May 2026, 21:05 (UTC)" in plain(letter())
    night = QuietHours(start=time(1), until=time(2), time_zone="Europe/Madrid")
    assert "1 may 2026, 23:05 (Europe/Madrid)" in plain(letter(language="es", quiet=night))


@pytest.mark.parametrize(
    ("url", "name"),
    [
        ("https://wa.example.org/x", "wa.example.org"),
        ("http://localhost:8000", "localhost"),
        ("http://192.0.2.1:8000", "[192.0.2.1]"),
        ("http://[2001:db8::1]:8000", "[IPv6:2001:db8::1]"),
    ],
)
def test_how_we_greet_the_mail_server(url: str, name: str) -> None:
    assert greeting_name(url) == name
