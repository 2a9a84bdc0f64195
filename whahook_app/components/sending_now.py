"""What an account's lane does now: its state, how much of the limits is used, what was refused."""

from __future__ import annotations

from typing import Any

import reflex as rx

from whahook_app.components.elements import time
from whahook_app.components.parts import badge, callout
from whahook_app.components.text import t
from whahook_app.states.base import Base
from whahook_app.states.sending import Sending


def sending_now() -> rx.Component:
    """Return the card of the lane that is shown."""
    now = Sending.now
    return rx.el.section(
        rx.el.div(
            rx.el.h2(t("sending.now")),
            badge(now.tone, now.icon, now.word, role="status"),
            rx.el.span(now.counts, class_name="wh-soft wh-num"),
            rx.link(
                t("sending.see_messages"),
                href="/messages?account=" + Sending.account,
                underline="none",
                class_name="wh-text-link",
            ),
            class_name="wh-now-head",
        ),
        rx.cond(now.why != "", _why(now), rx.fragment()),
        rx.cond(
            now.reach_out_until != "",
            callout(
                "wait",
                "message-circle-warning",
                t("sending.reach_out.title"),
                rx.fragment(t("sending.reach_out.body"), " ", time(now.reach_out_until, "moment", Base.lang), "."),
                role="status",
            ),
            rx.fragment(),
        ),
        rx.el.ul(rx.foreach(now.gauges, _gauge), class_name="wh-gauges", aria_label=t("sending.limits")),
        rx.el.p(t("sending.operator"), class_name="wh-faint"),
        rx.el.dl(
            _fact("sending.duplicates_refused", now.duplicates),
            _fact("sending.opted_out_refused", now.opted_out),
            class_name="wh-facts",
        ),
        aria_label=t("sending.now"),
        class_name="wh-card wh-padded wh-now",
    )


def _why(now: Any) -> rx.Component:
    return rx.el.p(
        now.why,
        rx.cond(
            now.until != "",
            rx.el.span(" ", t("sending.goes_on"), " ", time(now.until, "moment", Base.lang), "."),
            rx.fragment(),
        ),
        class_name="wh-soft",
    )


def _gauge(gauge: Any) -> rx.Component:
    return rx.el.li(
        rx.el.p(gauge.label, class_name="wh-soft"),
        rx.el.p(
            rx.el.strong(gauge.used, class_name="wh-num"),
            rx.cond(gauge.full, rx.el.span(t("sending.full"), class_name="wh-tag"), rx.fragment()),
            rx.cond(gauge.own, rx.el.span(t("sending.own_limit"), class_name="wh-tag"), rx.fragment()),
            class_name="wh-gauge-used",
        ),
        rx.el.span(
            rx.el.span(style={"width": gauge.percent.to_string() + "%"}),
            aria_hidden=True,
            class_name="wh-gauge",
            custom_attrs={"data-full": rx.cond(gauge.full, "true", "false")},
        ),
        key=gauge.id,
        custom_attrs={"data-gauge": gauge.id},
    )


def _fact(key: str, value: Any) -> rx.Component:
    return rx.el.div(rx.el.dt(t(key)), rx.el.dd(value))
