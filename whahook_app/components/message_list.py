"""A message as a line: direction, who, text, and how far it got."""

from __future__ import annotations

from typing import Any

import reflex as rx

from whahook_app.components.elements import time
from whahook_app.components.message_actions import message_actions
from whahook_app.components.parts import state_icon
from whahook_app.components.text import t
from whahook_app.states.base import Base


def message_line(row: Any) -> rx.Component:
    """Return the line of one message."""
    return rx.el.li(
        rx.el.span(
            rx.cond(row.out, rx.icon("arrow-up-right", size=15), rx.icon("arrow-down-left", size=15)),
            class_name="wh-direction",
            custom_attrs={"data-out": row.out.to_string()},
            aria_hidden=True,
        ),
        rx.el.div(
            rx.el.p(
                rx.el.span(rx.cond(row.out, t("messages.to"), t("messages.from")), class_name="wh-faint"),
                " ",
                rx.el.strong(row.who),
                class_name="wh-message-who",
            ),
            rx.el.p(row.text, class_name="wh-message-text"),
            rx.cond(row.failure != "", rx.el.p(row.failure, class_name="wh-error"), rx.fragment()),
            message_actions(row),
            class_name="wh-min",
        ),
        rx.el.div(
            rx.el.span(
                state_icon(row.icon),
                rx.el.span(row.word),
                class_name="wh-ack",
                custom_attrs={"data-status": row.status},
            ),
            rx.el.span(
                time(row.at, "moment", Base.lang),
                rx.cond(row.replayed, rx.el.span(" · ", t("messages.replayed")), rx.fragment()),
                class_name="wh-faint",
            ),
            class_name="wh-message-end",
        ),
        key=row.id,
        custom_attrs={"data-message": row.id},
    )
