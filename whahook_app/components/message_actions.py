"""Below a message that is not out: what holds it back, the way to take it back, and the question what became of it."""

from __future__ import annotations

from typing import Any

import reflex as rx

from whahook_app.components.elements import time
from whahook_app.components.text import t
from whahook_app.states.base import Base
from whahook_app.states.lane import LaneActions


def message_actions(row: Any) -> rx.Component:
    """Return what belongs below a message; nothing for one that is out."""
    return rx.fragment(
        rx.cond(row.hold != "", _hold(row), rx.fragment()),
        rx.cond(
            row.cancellable,
            rx.el.button(
                t("message.cancel"),
                type="button",
                on_click=LaneActions.cancel(row.account_id, row.id),
                class_name="wh-button wh-quiet wh-flush wh-small",
            ),
            rx.fragment(),
        ),
        rx.cond(row.status == "unknown", _question(row), rx.fragment()),
    )


def _hold(row: Any) -> rx.Component:
    return rx.el.p(
        row.hold,
        rx.cond(
            row.hold_until != "",
            rx.fragment(" ", t("hold.about"), " ", time(row.hold_until, "moment", Base.lang), "."),
            rx.fragment(),
        ),
        class_name="wh-faint",
        custom_attrs={"data-hold": row.hold_code},
    )


def _question(row: Any) -> rx.Component:
    return rx.el.div(
        rx.el.p(t("message.unknown.help"), class_name="wh-soft"),
        rx.el.button(
            t("message.unknown.sent"),
            type="button",
            on_click=LaneActions.was_sent(row.account_id, row.id),
            class_name="wh-button wh-quiet",
        ),
        rx.el.button(
            t("message.unknown.again"),
            type="button",
            on_click=LaneActions.send_again(row.account_id, row.id),
            class_name="wh-button wh-quiet",
        ),
        class_name="wh-actions",
    )
