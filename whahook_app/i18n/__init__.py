"""Every text that people read, in Spanish and English. Pure: no Reflex, so that rules about texts are tested alone."""

from __future__ import annotations

from typing import Any, Literal

from session_core.domain.message import MessageStatus
from session_core.domain.status import ReasonCode, SessionStatus
from whahook_app.i18n.bubbles.en import BUBBLES_EN
from whahook_app.i18n.bubbles.es import BUBBLES_ES
from whahook_app.i18n.chats.en import CHATS_EN
from whahook_app.i18n.chats.es import CHATS_ES
from whahook_app.i18n.en import EN
from whahook_app.i18n.es import ES
from whahook_app.i18n.hosts.en import HOSTS_EN
from whahook_app.i18n.hosts.es import HOSTS_ES
from whahook_app.i18n.jobs.en import JOBS_EN
from whahook_app.i18n.jobs.es import JOBS_ES
from whahook_app.i18n.kinds.en import KINDS_EN
from whahook_app.i18n.kinds.es import KINDS_ES
from whahook_app.i18n.media.en import MEDIA_EN
from whahook_app.i18n.media.es import MEDIA_ES
from whahook_app.i18n.sending.en import SENDING_EN
from whahook_app.i18n.sending.es import SENDING_ES
from whahook_app.i18n.upkeep.en import UPKEEP_EN
from whahook_app.i18n.upkeep.es import UPKEEP_ES
from whahook_app.i18n.webhooks.en import WEBHOOKS_EN
from whahook_app.i18n.webhooks.es import WEBHOOKS_ES

Language = Literal["es", "en"]

LANGUAGES: tuple[Language, ...] = ("es", "en")
DEFAULT: Language = "es"
TEXTS: dict[Language, dict[str, str]] = {
    "es": ES | HOSTS_ES | UPKEEP_ES | MEDIA_ES | KINDS_ES | WEBHOOKS_ES | CHATS_ES | BUBBLES_ES | SENDING_ES | JOBS_ES,
    "en": EN | HOSTS_EN | UPKEEP_EN | MEDIA_EN | KINDS_EN | WEBHOOKS_EN | CHATS_EN | BUBBLES_EN | SENDING_EN | JOBS_EN,
}


def text(language: Language, key: str, **values: Any) -> str:
    """Return the text ``key`` with ``values`` filled in.

    Raises:
        KeyError: there is no such text.
    """
    found = TEXTS[language][key]
    return found.format(**values) if values else found


def text_or(language: Language, key: str, fallback: str) -> str:
    """Return the text ``key``, or the text ``fallback`` when another version of the host speaks of something newer."""
    return TEXTS[language].get(key) or TEXTS[language][fallback]


def counted(language: Language, key: str, count: int) -> str:
    """Return ``key.one`` or ``key.many`` with ``{n}`` filled in."""
    return text(language, f"{key}.one" if count == 1 else f"{key}.many", n=count)


def choose(cookie: object, accept_language: str = "") -> Language:
    """Return the language to speak: the chosen one, else the browser's, else Spanish.

    Args:
        cookie: value of the cookie ``lang``; anybody can write anything there.
        accept_language: the header, in the order of preference in which browsers write it.
    """
    for language in LANGUAGES:
        if cookie == language:
            return language
    for part in accept_language.split(","):
        wanted = part.split(";")[0].strip().lower()[:2]
        for language in LANGUAGES:
            if wanted == language:
                return language
    return DEFAULT


def status_word(language: Language, status: SessionStatus) -> str:
    """Return the word of a session's state, e.g. ``"Conectado"``."""
    return text(language, f"status.{status.value}")


def reason(language: Language, code: ReasonCode) -> str:
    """Return the sentence that says why; an empty text for `ReasonCode.NONE`."""
    return text(language, f"reason.{code.value or 'none'}")


def next_step(language: Language, code: ReasonCode) -> str:
    """Return the sentence that says what to do, or what happens by itself."""
    return text(language, f"next.{code.value or 'none'}")


def message_status(language: Language, status: MessageStatus) -> str:
    """Return the word of a message's state, e.g. ``"Leído"``."""
    return text(language, f"message.{status.value}")
