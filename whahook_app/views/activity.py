"""A line of an account's history."""

from __future__ import annotations

import dataclasses

from session_core.domain.events import ActivityEntry
from session_core.domain.ids import is_chat_id
from session_core.domain.status import ReasonCode
from whahook_app.i18n import TEXTS, Language, reason, status_word, text
from whahook_app.views.accounts import TONE
from whahook_app.views.messages import chat_name

WITH_A_PERSON = {"message_in", "message_out"}
"""Kinds whose detail is the other side: a name or a chat. The details of others are for whoever reads the log."""


@dataclasses.dataclass
class ActivityRow:
    """One line: when, what, and the colour of its dot."""

    id: int = 0
    at: str = ""
    text: str = ""
    tone: str = "idle"


def activity_row(entry: ActivityEntry, language: Language) -> ActivityRow:
    """Make the line of an entry."""
    return ActivityRow(
        id=entry.id,
        at=entry.at.isoformat(),
        text=_text(entry, language),
        tone=TONE[entry.status] if entry.status is not None else "idle",
    )


def _text(entry: ActivityEntry, language: Language) -> str:
    if entry.status is not None:
        # "You asked for it" at every step of a connection would say nothing; where it ends it does.
        told = entry.status.settled or entry.reason_code is not ReasonCode.REQUESTED
        why = reason(language, entry.reason_code) if told else ""
        word = status_word(language, entry.status)
        return f"{word}. {why}" if why else word
    said = TEXTS[language].get(f"activity.{entry.kind}")
    if said is None:
        # A newer host may write kinds that this page does not know.
        said = text(language, "activity.other", kind=entry.kind)
    cause = TEXTS[language].get(f"activity.{entry.kind}.{entry.detail}")
    if cause is not None:
        return f"{said}: {cause}"
    who = chat_name(entry.detail, language) if is_chat_id(entry.detail) else entry.detail
    return f"{said} · {who}" if who and entry.kind in WITH_A_PERSON else said
