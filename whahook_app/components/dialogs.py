"""Dialogs: one that asks first, one with a single field."""

from __future__ import annotations

from typing import Any

import reflex as rx

from whahook_app.components.elements import Once, copy_button
from whahook_app.components.fields import text_field
from whahook_app.components.parts import form_error
from whahook_app.components.text import t

REFOCUS = rx.call_script("window.whahookRefocus()")
"""Put the focus back to where it was before the dialog. Runs in the browser."""


def close_corner() -> rx.Component:
    """Return the button that closes a dialog."""
    return rx.dialog.close(
        rx.el.button(
            rx.icon("x", size=18, aria_hidden=True),
            type="button",
            aria_label=t("close"),
            class_name="wh-icon-button wh-dialog-close",
        )
    )


def question(*, opened: Any, title: Any, body: Any, yes: Any, final: Any, on_yes: Any, on_no: Any) -> rx.Component:
    """Return a dialog that asks before something is done; it opens on "cancel"."""
    return rx.alert_dialog.root(
        rx.alert_dialog.content(
            rx.alert_dialog.title(title, class_name="wh-dialog-title"),
            rx.alert_dialog.description(body, class_name="wh-soft"),
            rx.el.div(
                rx.alert_dialog.cancel(
                    rx.el.button(t("cancel"), type="button", class_name="wh-button wh-ghost"),
                ),
                # No `alert_dialog.action`: it would close the dialog, and that event says "no".
                rx.el.button(
                    yes,
                    type="button",
                    on_click=on_yes,
                    class_name=rx.cond(final, "wh-button wh-danger", "wh-button wh-primary"),
                ),
                class_name="wh-dialog-actions",
            ),
            class_name="wh-dialog wh-dialog-small",
            on_close_auto_focus=REFOCUS,
        ),
        open=opened,
        on_open_change=lambda _opened: on_no,
    )


def form_dialog(
    opened: Any, title: Any, on_close: Any, *content: rx.Component, body: Any = None, small: bool = False
) -> rx.Component:
    """Return a dialog with a form in it, which ends with `form_end`; ``body`` says what it is for."""
    described: dict[str, Any] = {"aria_describedby": None} if body is None else {}
    return rx.dialog.root(
        rx.dialog.content(
            rx.dialog.title(title, class_name="wh-dialog-title"),
            rx.fragment() if body is None else rx.dialog.description(body, class_name="wh-soft"),
            *content,
            # The last one: it is the first field that gets the focus.
            close_corner(),
            class_name="wh-dialog wh-dialog-small" if small else "wh-dialog",
            on_close_auto_focus=REFOCUS,
            **described,
        ),
        open=opened,
        on_open_change=lambda _opened: on_close,
    )


def form_end(word: Any, **props: Any) -> rx.Component:
    """Return the end of a form in a dialog: away with it, or send it. ``props``: for the button that sends."""
    return rx.el.div(
        rx.dialog.close(rx.el.button(t("cancel"), type="button", class_name="wh-button wh-ghost")),
        rx.el.button(word, type="submit", class_name="wh-button wh-primary", **props),
        class_name="wh-dialog-actions",
    )


def shown_once(*, opened: Any, title: Any, body: Any, done: Any, on_done: Any, identifier: str) -> rx.Component:
    """Return the dialog that shows what `show_once` sends to ``identifier``, to be copied; it closes by its button."""
    return rx.alert_dialog.root(
        rx.alert_dialog.content(
            rx.alert_dialog.title(title, class_name="wh-dialog-title"),
            rx.alert_dialog.description(body, class_name="wh-soft"),
            rx.el.code(Once.create(id=identifier), class_name="wh-secret"),
            rx.el.div(
                copy_button("", t("copy"), t("copied"), source=identifier),
                rx.el.button(done, type="button", on_click=on_done, class_name="wh-button wh-primary"),
                class_name="wh-dialog-actions",
            ),
            class_name="wh-dialog wh-dialog-small",
            on_close_auto_focus=REFOCUS,
        ),
        open=opened,
        on_open_change=lambda _opened: on_done,
    )


def one_field(
    *, opened: Any, title: Any, label: Any, value: Any, error: Any, on_submit: Any, on_close: Any, name: str
) -> rx.Component:
    """Return a dialog with one text field."""
    return form_dialog(
        opened,
        title,
        on_close,
        rx.form(
            text_field(
                f"{name}-field",
                label,
                error=f"{name}-error",
                name=name,
                default_value=value,
                max_length=100,
                required=True,
            ),
            form_error(error, f"{name}-error"),
            form_end(t("save")),
            on_submit=on_submit,
            class_name="wh-form",
        ),
        small=True,
    )
