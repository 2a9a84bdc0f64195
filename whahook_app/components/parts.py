"""Small parts that several pages share: badge, callouts, empty states, skeletons, headings."""

from __future__ import annotations

from typing import Any

import reflex as rx

from whahook_app.components.elements import visually_hidden
from whahook_app.components.text import t

_ICONS = {
    "check": "check",
    "checks": "check-check",
    "read": "check-check",
    "sent": "arrow-up-right",
    "in": "arrow-down-left",
    "clock": "clock-3",
    "loader": "loader-circle",
    "refresh": "refresh-cw",
    "alert": "circle-alert",
    "pause": "circle-pause",
    "stop": "circle-slash",
    "qr": "qr-code",
}
"""Names that the views use -> lucide's."""


def some(rows: Any) -> Any:
    """Tell whether a list of a state has anything in it."""
    return rows.length() > 0


def state_icon(name: Any, size: int = 14) -> rx.Component:
    """Return the icon of a state; it is decoration, the word stands beside it."""
    icons = [
        (key, rx.icon(lucide, size=size, aria_hidden=True, class_name=f"wh-icon-{key}"))
        for key, lucide in _ICONS.items()
    ]
    return rx.match(name, *icons, rx.fragment())


def badge(tone: Any, icon: Any, word: Any, **props: Any) -> rx.Component:
    """Return a state as icon and word; screen readers hear it when it changes."""
    return rx.el.span(
        state_icon(icon), rx.el.span(word), class_name="wh-badge", custom_attrs={"data-tone": tone}, **props
    )


def heading(title: Any, subtitle: rx.Component | None = None, *actions: rx.Component) -> rx.Component:
    """Return a page's title with a line below and what one can do at the right."""
    return rx.el.header(
        rx.el.div(rx.el.h1(title), subtitle or rx.fragment()),
        rx.el.div(*actions, class_name="wh-head-actions") if actions else rx.fragment(),
        class_name="wh-head",
    )


def main_button(icon: str, word: Any, on_click: Any, **props: Any) -> rx.Component:
    """Return the button of a page's main thing to do."""
    return rx.el.button(
        rx.icon(icon, size=16, aria_hidden=True),
        word,
        type="button",
        on_click=on_click,
        class_name="wh-button wh-primary",
        **props,
    )


def callout(tone: str, icon: str, title: Any, body: Any = None, **props: Any) -> rx.Component:
    """Return a box that says what is wrong and what happens or what to do. ``tone``: wait, bad or info."""
    return rx.el.div(
        rx.icon(icon, size=17, aria_hidden=True, flex_shrink="0"),
        rx.el.p(rx.el.strong(title), " ", body if body is not None else ""),
        class_name="wh-callout",
        custom_attrs={"data-tone": tone},
        **props,
    )


def form_error(text: Any, identifier: str) -> rx.Component:
    """Return the line that says what is wrong with a form; empty when nothing is."""
    return rx.el.p(
        rx.cond(text != "", rx.icon("circle-alert", size=15, aria_hidden=True), rx.fragment()),
        rx.el.span(text),
        id=identifier,
        role="alert",
        class_name=rx.cond(text != "", "wh-error", "wh-error wh-none"),
    )


def load_problem(broken: Any) -> rx.Component:
    """Return the box for data that could not be read, while that is so."""
    return rx.cond(
        broken,
        callout("bad", "circle-alert", t("banner.load.title"), t("banner.load.body"), role="alert"),
        rx.fragment(),
    )


def empty(icon: str, title: Any, body: Any, *actions: rx.Component, heading_tag: Any = rx.el.h2) -> rx.Component:
    """Return what stands where a list will be."""
    return rx.el.div(
        rx.el.div(rx.icon(icon, size=22, aria_hidden=True), class_name="wh-empty-icon"),
        heading_tag(title),
        rx.el.p(body),
        rx.el.div(*actions, class_name="wh-empty-actions") if actions else rx.fragment(),
        class_name="wh-card wh-empty",
    )


def skeleton(rows: int = 2) -> rx.Component:
    """Return the shape of a list that is being read."""
    row = rx.el.div(
        rx.el.span(class_name="wh-bone wh-bone-round"),
        rx.el.span(rx.el.span(class_name="wh-bone"), rx.el.span(class_name="wh-bone wh-bone-short")),
        class_name="wh-card wh-skeleton",
        aria_hidden=True,
    )
    return rx.el.div(visually_hidden(t("loading"), role="status"), *([row] * rows), class_name="wh-list")
