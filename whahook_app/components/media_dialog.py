"""The dialog that asks which files of an account are fetched by themselves."""

from __future__ import annotations

from typing import Any

import reflex as rx

from session_core.domain.media import MediaKind
from whahook_app.components.dialogs import REFOCUS, close_corner
from whahook_app.components.text import t
from whahook_app.states.messages import Messages


def media_dialog() -> rx.Component:
    """Return the dialog."""
    return rx.dialog.root(
        rx.dialog.content(
            rx.dialog.title(t("media.auto.title"), class_name="wh-dialog-title"),
            rx.dialog.description(t("media.auto.body"), class_name="wh-soft"),
            rx.form(
                *[_kind(kind) for kind in MediaKind],
                rx.el.div(
                    rx.dialog.close(rx.el.button(t("cancel"), type="button", class_name="wh-button wh-ghost")),
                    rx.el.button(t("media.auto.yes"), type="submit", class_name="wh-button wh-primary"),
                    class_name="wh-dialog-actions",
                ),
                on_submit=Messages.choose_media,
                class_name="wh-form",
            ),
            close_corner(),
            class_name="wh-dialog wh-dialog-small",
            on_close_auto_focus=REFOCUS,
        ),
        open=Messages.asks_for_media,
        on_open_change=Messages.ask_for_no_media,
    )


def _kind(kind: MediaKind) -> rx.Component:
    chosen: Any = Messages.auto_media
    return rx.el.label(
        rx.el.input(
            type="checkbox",
            name=f"auto-{kind.value}",
            default_checked=chosen.contains(kind.value),
        ),
        rx.el.span(t(f"media.auto.{kind.value}")),
        class_name="wh-check",
    )
