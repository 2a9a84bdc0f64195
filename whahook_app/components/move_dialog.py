"""The dialog that moves an account to another host."""

from __future__ import annotations

from typing import Any

import reflex as rx

from whahook_app.components.dialogs import REFOCUS, close_corner, form_end
from whahook_app.components.parts import callout, form_error, state_icon
from whahook_app.components.text import t
from whahook_app.states.connections import Connections


def move_dialog() -> rx.Component:
    """Return the dialog; it shows what `session_core.services.hosts` says."""
    move = Connections.move
    return rx.dialog.root(
        rx.dialog.content(
            rx.dialog.title(move.title, class_name="wh-dialog-title"),
            rx.cond(move.step == "choose", _choose(move), _progress(move)),
            # The last one: it is the first choice that gets the focus.
            close_corner(),
            class_name="wh-dialog wh-dialog-small",
            aria_describedby=None,
            on_close_auto_focus=REFOCUS,
        ),
        open=move.step != "",
        on_open_change=lambda _opened: Connections.close_move,
    )


def _choose(move: Any) -> rx.Component:
    return rx.fragment(
        rx.dialog.description(t("move.body"), class_name="wh-soft"),
        rx.form(
            rx.el.fieldset(rx.foreach(move.hosts, _host), aria_label=move.title),
            rx.cond(move.possible, rx.fragment(), rx.el.p(t("move.none"), class_name="wh-soft")),
            form_error(move.error, "move-error"),
            form_end(t("move.go"), disabled=~move.possible),
            on_submit=Connections.start_move,
            class_name="wh-form",
        ),
    )


def _host(host: Any) -> rx.Component:
    return rx.el.label(
        rx.el.input(type="radio", name="host", value=host.id, required=True, disabled=~host.can),
        rx.el.span(
            rx.el.strong(host.name, class_name="wh-ellipsis"),
            rx.el.span(host.about, class_name="wh-faint"),
            class_name="wh-host",
        ),
        key=host.id,
        class_name=rx.cond(host.can, "wh-kind", "wh-kind wh-not-now"),
    )


def _progress(move: Any) -> rx.Component:
    return rx.fragment(
        rx.el.p(move.way, class_name="wh-soft"),
        rx.match(
            move.step,
            ("problem", callout("bad", "circle-alert", move.problem, move.next_step, role="alert")),
            rx.el.p(
                state_icon(rx.cond(move.step == "done", "check", "loader"), 17),
                rx.el.span(move.line),
                role="status",
                class_name="wh-move-line",
            ),
        ),
        rx.cond(move.step == "moving", rx.el.p(t("move.background"), class_name="wh-faint"), rx.fragment()),
        rx.el.div(
            rx.dialog.close(rx.el.button(t("close"), type="button", class_name="wh-button wh-ghost")),
            class_name="wh-dialog-actions",
        ),
    )
