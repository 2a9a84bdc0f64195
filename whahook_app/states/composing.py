"""What one can send beside words and files: a place, a poll, somebody's card; and anything at a later time."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

import reflex as rx
from pydantic import ValidationError

from session_core.clock import utcnow
from session_core.domain.content import MAX_OPTIONS, MIN_OPTIONS, AnyContent, Card, Contacts, Location, Poll
from session_core.domain.phone import normalize_phone
from session_core.errors import PolicyError
from session_core.services import outgoing
from session_core.services.outgoing import Times
from session_core.services.principal import Principal
from whahook_app.i18n import text
from whahook_app.runtime import get_core
from whahook_app.states.guard import as_uuid, error_text, field, guarded, language_of

DIALOGS = ("location", "poll", "contact", "later")


class BadForm(Exception):
    """What was written cannot be sent; ``key``: of the text that says why."""

    def __init__(self, key: str) -> None:
        super().__init__(key)
        self.key = key


class Composing(rx.State, mixin=True):  # type: ignore[call-arg]
    """Part of the messages' state: one dialog at a time."""

    reply_to: str = ""
    reply_author: str = ""
    reply_text: str = ""
    composing: str = ""
    compose_error: str = ""
    compose_again: bool = False
    poll_size: int = MIN_OPTIONS + 1
    send_at: str = ""

    _composed: str = ""

    @rx.event
    @guarded
    async def compose(self, viewer: Principal, kind: str) -> None:
        """Open the dialog of a kind."""
        self._stop_composing()
        self.composing = kind if self.chat and kind in DIALOGS else ""

    @rx.event
    @guarded
    async def compose_nothing(self, viewer: Principal) -> None:
        """Close the dialog."""
        self._stop_composing()

    @rx.event
    @guarded
    async def add_option(self, viewer: Principal) -> Any:
        """Offer a field for one more option of the poll."""
        self.poll_size = min(self.poll_size + 1, MAX_OPTIONS)
        return rx.set_focus(f"poll-option-{self.poll_size - 1}")

    @rx.event
    @guarded
    async def send_composed(self, viewer: Principal, form: dict[str, Any]) -> Any:
        """Queue what the open dialog holds."""
        language, kind = language_of(self), self.composing
        if kind not in CONTENTS or not self.chat:
            return None
        self.compose_error = ""
        try:
            content = CONTENTS[kind](form)
        except (BadForm, ValidationError) as error:
            key = error.key if isinstance(error, BadForm) else "error.bad_form"
            self.compose_error, self.compose_again = text(language, key), False
            return None
        said = content.model_dump_json()
        force = self.compose_again and said == self._composed
        self._composed, self.compose_again = said, False
        try:
            await self._queue(viewer, content, force=force)
        except PolicyError as error:
            self.compose_error, self.compose_again = error_text(language, error), error.code == "duplicate_message"
            return None
        self._stop_composing()
        return rx.call_script("window.whahookChatEnd()")

    @rx.event
    @guarded
    async def send_later(self, viewer: Principal, form: dict[str, Any]) -> Any:
        """Have what is sent next wait until the form's time."""
        try:
            moment = datetime.fromisoformat(field(form, "at"))
            Times(send_at=moment).check(utcnow())
            if moment <= utcnow():
                raise ValueError("in the past")
        except (ValueError, TypeError, PolicyError):
            self.compose_error = text(language_of(self), "chats.later.bad")
            return None
        self._stop_composing()
        self.send_at = moment.isoformat()
        return rx.set_focus("compose-text")

    @rx.event
    @guarded
    async def send_at_once(self, viewer: Principal) -> Any:
        """Have what is sent next go out as soon as it can."""
        self.send_at = ""
        return rx.set_focus("compose-text")

    async def _queue(self, viewer: Principal, content: AnyContent, *, force: bool) -> None:
        """Queue a message to the open conversation, as an answer and at the time that were chosen; then forget both."""
        await outgoing.send(
            get_core(),
            viewer.user_id,
            as_uuid(self.account),
            to=self.chat,
            content=content,
            force=force,
            quoted_id=self.reply_to or None,
            times=Times(send_at=datetime.fromisoformat(self.send_at)) if self.send_at else outgoing.WHENEVER,
        )
        self.reply_to = self.reply_author = self.reply_text = self.send_at = ""

    def _stop_composing(self) -> None:
        self.composing = self.compose_error = self._composed = ""
        self.compose_again, self.poll_size = False, MIN_OPTIONS + 1


def place(form: object) -> Location:
    """Read a place; `BadForm` for what are no coordinates."""
    # "40,4168 -3,7038" and "40.4168, -3.7038": a comma is a decimal one where no point is.
    written = field(form, "coordinates").strip()
    points = written if "." in written else written.replace(", ", " ").replace(",", ".")
    try:
        latitude, longitude = (float(part) for part in points.replace(",", " ").split())
        return Location(
            latitude=latitude,
            longitude=longitude,
            name=field(form, "name").strip(),
            address=field(form, "address").strip(),
        )
    except ValueError as error:
        raise BadForm("chats.location.bad") from error


def poll(form: object) -> Poll:
    """Read a poll; empty options are left out; `BadForm` for too little or what is there twice."""
    question = field(form, "question").strip()
    options = [option for n in range(MAX_OPTIONS) if (option := field(form, f"option-{n}").strip())]
    if not question:
        raise BadForm("chats.poll.bad_question")
    if len(options) < MIN_OPTIONS:
        raise BadForm("chats.poll.bad_few")
    if len(set(options)) < len(options):
        raise BadForm("chats.poll.bad_same")
    return Poll(question=question, options=tuple(options), selectable=0 if field(form, "several") else 1)


def card(form: object) -> Contacts:
    """Read a contact card; `BadForm` without a name, or for what is no number."""
    name = field(form, "name").strip()
    if not name:
        raise BadForm("chats.card.bad_name")
    try:
        number = normalize_phone(field(form, "phone"))
    except PolicyError as error:
        raise BadForm("error.bad_phone") from error
    return Contacts(contacts=(Card(name=name, phone=number),))


CONTENTS: dict[str, Callable[[object], AnyContent]] = {"location": place, "poll": poll, "contact": card}
