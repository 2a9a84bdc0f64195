"""The e-mail of an alert: plain text and HTML, one link, nothing secret."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP, SMTPUTF8
from email.utils import format_datetime as header_date
from pathlib import Path
from urllib.parse import urlsplit
from uuid import UUID
from zoneinfo import ZoneInfo

from babel.dates import format_datetime
from email_validator import validate_email
from jinja2 import Environment, FileSystemLoader, StrictUndefined, select_autoescape

from session_core.alerts.texts import text
from session_core.domain.alerts import AlertKind, AlertPreferences, Language
from session_core.domain.reasons import what_now, why
from session_core.domain.status import ReasonCode

MAX_NAME = 60
"""Characters of an account's name that fit into a subject."""

MAX_NAMES = 20

_EXPLAINED = frozenset({AlertKind.NEEDS_PERSON, AlertKind.DOWN})
"""What a row says of why is about the connection."""

_SAYS_NOTHING = frozenset({ReasonCode.NONE, ReasonCode.REQUESTED, ReasonCode.RESTORED})
"""Reasons of a start, which explain nothing once it lasts too long."""

_TEMPLATES = Environment(
    loader=FileSystemLoader(Path(__file__).parent / "templates"),
    autoescape=select_autoescape(enabled_extensions=("html.j2",), default=False),
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
    keep_trailing_newline=True,
)


@dataclass(frozen=True, slots=True)
class Content:
    """What an e-mail is about.

    Attributes:
        alert_id: the alert; the Message-ID is made of it, so the same e-mail sent twice can be told by it.
        account_id: None when it is about a machine.
        accounts: names of the accounts it is about, or of the webhook.
        answers: the alert that it says is over, so that both are shown together.
    """

    alert_id: UUID
    kind: AlertKind
    account_id: UUID | None
    accounts: Sequence[str]
    reason_code: ReasonCode
    raised_at: datetime
    answers: UUID | None = None


def compose(
    content: Content,
    *,
    to: str,
    preferences: AlertPreferences,
    sender: tuple[str, str],
    public_url: str,
    now: datetime,
) -> EmailMessage:
    """Write the e-mail.

    Args:
        content: what it is about.
        to: the receiver's address.
        preferences: the receiver's.
        sender: name and address.
        public_url: address of the page, without a slash at the end.
        now: for the header ``Date``.

    Raises:
        ValueError: the address cannot stand in a header.
    """
    values = _values(content, preferences, public_url)
    receiver = _receiver(to)
    message = EmailMessage(policy=SMTP if receiver.username.isascii() else SMTPUTF8)
    message["From"] = Address(sender[0], addr_spec=sender[1])
    message["To"] = receiver
    message["Subject"] = _with_all_spaces(values["subject"])
    message["Date"] = header_date(now)
    message["Message-ID"] = message_id(content.alert_id, public_url)
    if content.answers is not None:
        message["In-Reply-To"] = message["References"] = message_id(content.answers, public_url)
    # RFC 3834: nobody's absence note answers it. Exchange listens to its own header only.
    message["Auto-Submitted"] = "auto-generated"
    message["X-Auto-Response-Suppress"] = "All"
    message.set_content(_TEMPLATES.get_template("letter.txt.j2").render(values))
    message.add_alternative(_TEMPLATES.get_template("letter.html.j2").render(values), subtype="html")
    message["Content-Language"] = preferences.language
    return message


def _receiver(address: str) -> Address:
    """Split an address for the header; its domain becomes ASCII, which every mail server takes."""
    parts = validate_email(address, check_deliverability=False, test_environment=True)
    return Address(username=parts.local_part, domain=parts.ascii_domain)


def message_id(alert_id: UUID, public_url: str) -> str:
    """Return the Message-ID of an alert's e-mail, the same at every try."""
    host = urlsplit(public_url).hostname or "localhost"
    return f"<alert-{alert_id}@{f'[IPv6:{host}]' if ':' in host else host}>"


def link(account_id: UUID | None, public_url: str) -> str:
    """Return the address of the page, at the account when it is about one."""
    page = f"{public_url}/settings/connections"
    return page if account_id is None else f"{page}#account-{account_id}"


def _values(content: Content, preferences: AlertPreferences, public_url: str) -> dict[str, str]:
    language = preferences.language
    names = [one_line(name) for name in content.accounts]
    filled = {"account": names[0] if names else "", "accounts": _list(language, names)}
    kind = "back_host" if content.kind is AlertKind.BACK and content.account_id is None else content.kind.value
    of_webhook = content.kind is AlertKind.WEBHOOK_OFF
    explained = content.kind in _EXPLAINED and content.reason_code not in _SAYS_NOTHING
    return {
        "language": language,
        "subject": text(language, f"{kind}.subject", **filled),
        "lead": text(language, f"{kind}.lead", **filled),
        "next": ""
        if explained and content.kind is AlertKind.NEEDS_PERSON
        else text(language, f"{kind}.next", **filled),
        "why": why(language, content.reason_code) if explained else "",
        "what_now": what_now(language, content.reason_code) if explained else "",
        "since": text(language, "since", time=_time(content.raised_at, preferences)),
        "button": text(language, "button"),
        "link": f"{public_url}/webhooks" if of_webhook else link(content.account_id, public_url),
        "why_you": text(language, "why_you_webhook" if of_webhook else "why_you", site=public_url),
    }


def one_line(name: str) -> str:
    """Return a name that stands safely in a header and between quotation marks: no breaks, nothing invisible."""
    visible = "".join(character if character.isprintable() else " " for character in name)
    words = " ".join(visible.split())
    return words if len(words) <= MAX_NAME else words[: MAX_NAME - 1] + "…"


def _with_all_spaces(subject: str) -> str:
    """Return a subject that is read as it was written.

    Where the standard library breaks a long subject between two encoded words it drops the space that stood there;
    a no-break space belongs to the word, and looks the same.
    """
    return subject if subject.isascii() else subject.replace(" ", "\N{NO-BREAK SPACE}")


def _list(language: Language, names: Sequence[str]) -> str:
    if not names:
        return text(language, "no_account")
    shown = list(names[:MAX_NAMES])
    if len(names) > len(shown):
        shown.append(text(language, "and_more", count=len(names) - len(shown)))
    return ", ".join(shown)


def _time(at: datetime, preferences: AlertPreferences) -> str:
    zone = preferences.quiet_hours.time_zone if preferences.quiet_hours else "UTC"
    shown = format_datetime(at, "d MMM y, HH:mm", tzinfo=ZoneInfo(zone), locale=preferences.language)
    return f"{shown} ({zone})"
