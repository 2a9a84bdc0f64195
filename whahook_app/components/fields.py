"""Fields with their labels, as every form has them."""

from __future__ import annotations

from typing import Any

import reflex as rx

from whahook_app.components.text import t
from whahook_app.states.history import DAYS


def text_field(identifier: str, label: Any, *, error: str = "", **props: Any) -> rx.Component:
    """Return a line to write in; ``error``: id of the line that says what is wrong with it (`parts.form_error`)."""
    return _labelled(rx.el.input, identifier, label, error, {"auto_complete": "off"} | props)


def text_area(identifier: str, label: Any, *, error: str = "", **props: Any) -> rx.Component:
    """Return lines to write in; see `text_field`."""
    return _labelled(rx.el.textarea, identifier, label, error, props)


def choice(identifier: str, label: Any, *options: rx.Component, error: str = "", **props: Any) -> rx.Component:
    """Return a list to choose one of; see `text_field`."""
    return _labelled(rx.el.select, identifier, label, error, {"class_name": "wh-input wh-select"} | props, *options)


def check(name: Any, checked: Any, label: Any, hint: Any = None) -> rx.Component:
    """Return a box that can be ticked, with its label and, where there is one, a line below that."""
    said = (
        rx.el.span(label) if hint is None else rx.el.span(rx.el.strong(label), rx.el.span(hint, class_name="wh-faint"))
    )
    return rx.el.label(rx.el.input(type="checkbox", name=name, default_checked=checked), said, class_name="wh-check")


def keep_days(identifier: str, name: str, days: Any, **props: Any) -> rx.Component:
    """Return the choice of how long messages are kept; a number that a program chose is one more."""
    known: Any = days == DAYS[0]
    for other in DAYS[1:]:
        known = known | (days == other)
    return choice(
        identifier,
        t("history.keep.label"),
        *[rx.el.option(t(f"history.days.{each or 'always'}"), value=each) for each in DAYS],
        rx.cond(known, rx.fragment(), rx.el.option(days, " ", t("history.days"), value=days)),
        name=name,
        default_value=days,
        **props,
    )


def _labelled(element: Any, identifier: str, label: Any, error: str, props: dict[str, Any], *inside: Any) -> Any:
    described = {"aria_describedby": error} if error else {}
    field = element(*inside, id=identifier, **({"class_name": "wh-input"} | described | props))
    return rx.fragment(rx.el.label(label, html_for=identifier), field)
