"""What an opened card shows: how it is doing, then its history on the left, a test message and its way on the right."""

from __future__ import annotations

from typing import Any

import reflex as rx

from whahook_app.components.backups import backups
from whahook_app.components.condition import condition
from whahook_app.components.elements import time
from whahook_app.components.fields import text_area, text_field
from whahook_app.components.media import attach
from whahook_app.components.message_list import message_line
from whahook_app.components.parts import form_error, some
from whahook_app.components.text import t
from whahook_app.states.base import Base
from whahook_app.states.connections import Connections


def details(card: Any) -> rx.Component:
    """Return the details of the card that is open."""
    return rx.el.div(
        condition(card),
        _history(),
        rx.el.div(_test(card), _recent(), class_name="wh-stack"),
        backups(card),
        class_name="wh-details",
    )


def _history() -> rx.Component:
    return rx.el.section(
        rx.el.h3(t("details.activity")),
        rx.cond(
            some(Connections.activity),
            rx.el.ol(rx.foreach(Connections.activity, _line), class_name="wh-timeline"),
            rx.el.p(t("details.activity.none"), class_name="wh-faint"),
        ),
        rx.cond(
            Connections.more_activity,
            rx.el.button(
                t("more"), type="button", on_click=Connections.older_activity, class_name="wh-button wh-quiet wh-flush"
            ),
        ),
        class_name="wh-min",
    )


def _line(line: Any) -> rx.Component:
    return rx.el.li(
        time(line.at, "moment", Base.lang),
        rx.el.span(class_name="wh-dot", custom_attrs={"data-tone": line.tone}),
        rx.el.span(line.text),
        key=line.id.to_string(),
    )


def _test(card: Any) -> rx.Component:
    return rx.el.section(
        rx.el.h3(t("details.test")),
        rx.form(
            text_field(
                "test-to",
                t("details.to"),
                error="test-error",
                name="to",
                input_mode="tel",
                required=True,
                placeholder="+34 612 34 56 78",
            ),
            text_area("test-text", t("details.text"), error="test-error", name="text", rows="2"),
            attach(button=True),
            form_error(Connections.send_error, "test-error"),
            rx.cond(card.ready, rx.fragment(), rx.el.p(t("details.waits"), class_name="wh-faint")),
            rx.el.div(
                rx.el.button(
                    rx.icon("send", size=15, aria_hidden=True),
                    rx.cond(Connections.duplicate, t("details.send_anyway"), t("details.send")),
                    type="submit",
                    class_name="wh-button wh-primary",
                ),
                class_name="wh-form-end",
            ),
            on_submit=Connections.send_test,
            class_name="wh-form",
        ),
        class_name="wh-min",
    )


def _recent() -> rx.Component:
    return rx.el.section(
        rx.el.h3(t("details.recent")),
        rx.cond(
            some(Connections.recent),
            rx.el.ul(rx.foreach(Connections.recent, message_line), class_name="wh-messages", aria_live="polite"),
            rx.el.p(t("details.recent.none"), class_name="wh-faint"),
        ),
        class_name="wh-min",
    )
