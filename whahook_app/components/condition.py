"""How an account is doing, in its opened card: uptime, what it takes, health with its evidence, and where it runs."""

from __future__ import annotations

from typing import Any

import reflex as rx

from whahook_app.components.elements import time
from whahook_app.components.parts import badge
from whahook_app.components.sparkline import sparkline
from whahook_app.components.text import t
from whahook_app.components.uptime import uptime_bar
from whahook_app.states.base import Base
from whahook_app.states.connections import Connections


def condition(card: Any) -> rx.Component:
    """Return the part of the details that tells how the account is doing."""
    return rx.el.div(
        rx.el.div(_uptime(), _resources(), class_name="wh-stack"), _health(card), class_name="wh-condition"
    )


def _uptime() -> rx.Component:
    day, week = Connections.day, Connections.week
    return rx.el.section(
        rx.el.h3(t("details.uptime")),
        uptime_bar(day.tones, day.percent, day.label, "24h"),
        uptime_bar(week.tones, week.percent, week.label, "7d"),
        rx.cond(week.label != "", rx.el.p(week.label, class_name="wh-faint"), rx.fragment()),
        class_name="wh-uptime",
    )


def _resources() -> rx.Component:
    used = Connections.resources
    return rx.cond(
        used.memory.now != "",
        rx.el.section(
            rx.el.h3(t("resources.title")),
            rx.el.div(
                sparkline(used.memory, t("resources.memory")),
                sparkline(used.cpu, t("resources.cpu")),
                class_name="wh-sparks",
            ),
            rx.cond(used.pressure != "", rx.el.p(used.pressure, class_name="wh-faint"), rx.fragment()),
        ),
        rx.fragment(),
    )


def _health(card: Any) -> rx.Component:
    health = Connections.health
    return rx.el.section(
        rx.el.h3(t("details.health")),
        rx.cond(
            health.word != "",
            badge(health.tone, health.icon, health.word, role="status"),
            rx.el.p(t("details.health.none"), class_name="wh-faint"),
        ),
        rx.el.ul(rx.foreach(health.signs, lambda sign: rx.el.li(sign)), class_name="wh-signs"),
        rx.cond(health.cures != "", rx.el.p(health.cures, class_name="wh-faint"), rx.fragment()),
        rx.el.dl(
            _fact(health.answer, "details.answer", health.answer),
            _fact(health.socket, "details.socket", health.socket),
            _fact(health.stream, "details.stream", health.stream),
            _fact(health.traffic_at, "details.traffic", time(health.traffic_at, "ago", Base.lang)),
            _fact(health.checked_at, "details.checked", time(health.checked_at, "ago", Base.lang)),
            _fact(
                "activity",
                "card.last_activity",
                rx.cond(card.last_activity != "", time(card.last_activity, "ago", Base.lang), t("card.no_activity")),
            ),
            _fact("host", "details.host", rx.cond(Connections.host != "", Connections.host, t("details.host.none"))),
            class_name="wh-facts",
        ),
        class_name="wh-min",
    )


def _fact(known: Any, key: str, value: Any) -> rx.Component:
    line = rx.el.div(rx.el.dt(t(key)), rx.el.dd(value))
    return line if isinstance(known, str) else rx.cond(known != "", line, rx.fragment())
