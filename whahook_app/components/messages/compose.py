"""What one can send: the menu beside the text, the dialogs of the kinds, and the time at which it goes out."""

from __future__ import annotations

from typing import Any

import reflex as rx

from session_core.domain.content import MAX_OPTIONS
from whahook_app.components.dialogs import form_dialog, form_end
from whahook_app.components.elements import time
from whahook_app.components.fields import check, text_field
from whahook_app.components.parts import form_error
from whahook_app.components.text import t
from whahook_app.states.base import Base
from whahook_app.states.messages import Messages


def attach_menu() -> rx.Component:
    """Return the button that opens the menu of what can be sent."""
    return rx.dropdown_menu.root(
        rx.dropdown_menu.trigger(
            rx.el.button(
                rx.icon("paperclip", size=18, aria_hidden=True),
                type="button",
                aria_label=t("chats.attach"),
                class_name="wh-icon-button wh-attach-button",
            )
        ),
        rx.dropdown_menu.content(
            _item("image", "chats.attach.file", rx.call_script("window.whahookAttach('')")),
            _item("file-text", "chats.attach.document", rx.call_script("window.whahookAttach('document')")),
            _item("mic", "chats.attach.voice", rx.call_script("window.whahookAttach('voice')")),
            _item("sticker", "chats.attach.sticker", rx.call_script("window.whahookAttach('sticker')")),
            _item("map-pin", "chats.kind.location", Messages.compose("location")),
            _item("chart-bar-big", "chats.kind.poll", Messages.compose("poll")),
            _item("contact-round", "chats.kind.contact", Messages.compose("contact")),
            rx.dropdown_menu.separator(),
            _item("clock", "chats.later", Messages.compose("later")),
            align="start",
        ),
        modal=False,
    )


def later() -> rx.Component:
    """Return the line that says when the next message goes out; nothing when that is at once."""
    return rx.cond(
        Messages.send_at != "",
        rx.el.div(
            rx.el.p(
                rx.icon("clock", size=15, aria_hidden=True),
                rx.el.span(t("chats.later.chosen"), " ", time(Messages.send_at, "moment", Base.lang)),
                role="status",
            ),
            rx.el.button(
                rx.icon("x", size=16, aria_hidden=True),
                type="button",
                on_click=Messages.send_at_once,
                aria_label=t("chats.later.not"),
                class_name="wh-icon-button",
            ),
            class_name="wh-answering",
        ),
        rx.fragment(),
    )


def compose_dialogs() -> rx.Component:
    """Return the dialogs of the kinds."""
    return rx.fragment(
        _dialog(
            "location",
            _field(
                "location", "coordinates", "chats.location.coordinates", required=True, placeholder="40.4168, -3.7038"
            ),
            _field("location", "name", "chats.location.name", max_length=1000),
            _field("location", "address", "chats.location.address", max_length=1000),
        ),
        _dialog(
            "poll",
            _field("poll", "question", "chats.poll.question", required=True, max_length=255),
            rx.el.fieldset(
                rx.el.legend(t("chats.poll.options")),
                *[_option(n) for n in range(MAX_OPTIONS)],
                class_name="wh-options",
            ),
            rx.cond(
                Messages.poll_size < MAX_OPTIONS,
                rx.el.button(
                    rx.icon("plus", size=15, aria_hidden=True),
                    t("chats.poll.add"),
                    type="button",
                    on_click=Messages.add_option,
                    class_name="wh-button wh-quiet wh-flush",
                ),
                rx.fragment(),
            ),
            check("several", False, t("chats.poll.several")),
        ),
        _dialog(
            "contact",
            _field("contact", "name", "chats.card.name", required=True, max_length=200),
            _field(
                "contact", "phone", "chats.card.phone", required=True, placeholder="+34 612 34 56 78", input_mode="tel"
            ),
        ),
        _dialog(
            "later",
            text_field(
                "later-local",
                t("chats.later.when"),
                error="later-error",
                type="datetime-local",
                required=True,
                custom_attrs={"data-moment": "at"},
            ),
            rx.el.input(type="hidden", name="at"),
        ),
    )


def _dialog(kind: str, *fields: rx.Component) -> rx.Component:
    later_one = kind == "later"
    send = rx.cond(Messages.compose_again, t("chats.send_again"), t("chats.send"))
    return form_dialog(
        Messages.composing == kind,
        t(f"chats.compose.{kind}"),
        Messages.compose_nothing,
        rx.form(
            *fields,
            form_error(Messages.compose_error, f"{kind}-error"),
            form_end(t("chats.later.yes") if later_one else send),
            on_submit=Messages.send_later if later_one else Messages.send_composed,
            class_name="wh-form",
        ),
        body=t(f"chats.compose.{kind}.body"),
        small=True,
    )


def _field(kind: str, name: str, label: str, **props: Any) -> rx.Component:
    return text_field(f"{kind}-{name}", t(label), error=f"{kind}-error", name=name, **props)


def _option(number: int) -> rx.Component:
    return rx.cond(
        Messages.poll_size > number,
        rx.el.input(
            id=f"poll-option-{number}",
            name=f"option-{number}",
            max_length=100,
            auto_complete="off",
            placeholder=t("chats.poll.option") + f" {number + 1}",
            aria_label=t("chats.poll.option") + f" {number + 1}",
            class_name="wh-input",
        ),
        rx.fragment(),
    )


def _item(icon: str, label: str, on_select: Any) -> rx.Component:
    return rx.dropdown_menu.item(rx.icon(icon, size=15, aria_hidden=True), t(label), on_select=on_select)
