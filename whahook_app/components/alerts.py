"""What is wrong now, above the cards."""

from __future__ import annotations

from typing import Any

import reflex as rx

from whahook_app.components.elements import NativeLink, time
from whahook_app.components.parts import some, state_icon
from whahook_app.components.text import t
from whahook_app.states.base import Base


def alert_list(alerts: Any) -> rx.Component:
    """Return the list of what is wrong; nothing while all is well."""
    return rx.el.div(
        rx.cond(
            some(alerts),
            rx.el.ul(rx.foreach(alerts, _line), class_name="wh-alerts", aria_label=t("alerts.open")),
            rx.fragment(),
        ),
        # There from the start: only what changes inside of such a region is read out.
        role="status",
    )


def _line(alert: Any) -> rx.Component:
    return rx.el.li(
        state_icon(alert.icon, 17),
        rx.el.p(
            rx.el.strong(alert.title),
            " ",
            alert.why,
            " ",
            rx.cond(
                alert.until != "",
                rx.fragment(t("alerts.until"), " ", time(alert.until, "moment", Base.lang)),
                rx.fragment(t("alerts.since"), " ", time(alert.since, "moment", Base.lang)),
            ),
            ".",
        ),
        rx.cond(
            alert.anchor != "",
            NativeLink.create(t("alerts.see"), href=alert.anchor, class_name="wh-text-link"),
            rx.fragment(),
        ),
        key=alert.id,
        class_name="wh-callout",
        custom_attrs={"data-tone": alert.tone},
    )
