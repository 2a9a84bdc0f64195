"""What one can send: the menu beside the text, the dialogs of the kinds, and the time at which it goes out."""

from __future__ import annotations

from typing import Any

import reflex as rx

from session_core.domain.content import MAX_OPTIONS
from whahook_app.components.dialogs import REFOCUS, close_corner
from whahook_app.components.elements import time
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
            _item("image", "chats.attach.file", rx.call_script("window.whahookAttach(false)")),
            _item("file-text", "chats.attach.document", rx.call_script("window.whahookAttach(true)")),
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
                t("chats.later.chosen"),
                " ",
                time(Messages.send_at, "moment", Base.lang),
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
            _field("coordinates", "chats.location.coordinates", required=True, placeholder="40.4168, -3.7038"),
            _field("name", "chats.location.name", max_length=1000),
            _field("address", "chats.location.address", max_length=1000),
        ),
        _dialog(
            "poll",
            _field("question", "chats.poll.question", required=True, max_length=255),
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
            rx.el.label(
                rx.el.input(type="checkbox", name="several"),
                rx.el.span(t("chats.poll.several")),
                class_name="wh-check",
            ),
        ),
        _dialog(
            "contact",
            _field("name", "chats.card.name", required=True, max_length=200),
            _field("phone", "chats.card.phone", required=True, placeholder="+34 612 34 56 78", input_mode="tel"),
        ),
        _dialog(
            "later",
            rx.el.label(t("chats.later.when"), html_for="later-local"),
            rx.el.input(
                id="later-local",
                type="datetime-local",
                required=True,
                aria_describedby="later-error",
                class_name="wh-input",
                custom_attrs={"data-moment": "at"},
            ),
            rx.el.input(type="hidden", name="at"),
        ),
    )


def _dialog(kind: str, *fields: rx.Component) -> rx.Component:
    later_one = kind == "later"
    send = rx.cond(Messages.compose_again, t("chats.send_again"), t("chats.send"))
    return rx.dialog.root(
        rx.dialog.content(
            close_corner(),
            rx.dialog.title(t(f"chats.compose.{kind}"), class_name="wh-dialog-title"),
            rx.dialog.description(t(f"chats.compose.{kind}.body"), class_name="wh-soft"),
            rx.form(
                *fields,
                form_error(Messages.compose_error, f"{kind}-error"),
                rx.el.div(
                    rx.dialog.close(rx.el.button(t("cancel"), type="button", class_name="wh-button wh-ghost")),
                    rx.el.button(
                        t("chats.later.yes") if later_one else send, type="submit", class_name="wh-button wh-primary"
                    ),
                    class_name="wh-dialog-actions",
                ),
                on_submit=Messages.send_later if later_one else Messages.send_composed,
                class_name="wh-form",
            ),
            class_name="wh-dialog wh-dialog-small",
            on_close_auto_focus=REFOCUS,
        ),
        open=Messages.composing == kind,
        on_open_change=lambda _opened: Messages.compose_nothing,
    )


def _field(name: str, label: str, **props: Any) -> rx.Component:
    identifier = f"compose-{label.rpartition('.')[2]}-{name}"
    return rx.fragment(
        rx.el.label(t(label), html_for=identifier),
        rx.el.input(id=identifier, name=name, auto_complete="off", class_name="wh-input", **props),
    )


def _option(number: int) -> rx.Component:
    return rx.cond(
        Messages.poll_size > number,
        rx.el.input(
            id=f"poll-option-{number}",
            name=f"option-{number}",
            max_length=100,
            auto_complete="off",
            aria_label=t("chats.poll.option") + f" {number + 1}",
            class_name="wh-input",
        ),
        rx.fragment(),
    )


def _item(icon: str, label: str, on_select: Any) -> rx.Component:
    return rx.dropdown_menu.item(rx.icon(icon, size=15, aria_hidden=True), t(label), on_select=on_select)
