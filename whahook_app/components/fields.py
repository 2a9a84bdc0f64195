"""Parts of forms that several pages have."""

from __future__ import annotations

from typing import Any

import reflex as rx

from whahook_app.components.text import t
from whahook_app.states.history import DAYS


def check(name: Any, checked: Any, label: Any, hint: Any = None) -> rx.Component:
    """Return a box that can be ticked, with its label and, where there is one, a line below that."""
    said = (
        rx.el.span(label) if hint is None else rx.el.span(rx.el.strong(label), rx.el.span(hint, class_name="wh-faint"))
    )
    return rx.el.label(rx.el.input(type="checkbox", name=name, default_checked=checked), said, class_name="wh-check")


def keep_days(identifier: str, name: str, days: Any, **props: Any) -> rx.Component:
    """Return the choice of how long messages are kept; a number that a program chose is one more."""
    known: Any = days == DAYS[0]
    for choice in DAYS[1:]:
        known = known | (days == choice)
    return rx.el.select(
        *[rx.el.option(t(f"history.days.{choice or 'always'}"), value=choice) for choice in DAYS],
        rx.cond(known, rx.fragment(), rx.el.option(days, " ", t("history.days"), value=days)),
        id=identifier,
        name=name,
        default_value=days,
        class_name="wh-input wh-select",
        **props,
    )
