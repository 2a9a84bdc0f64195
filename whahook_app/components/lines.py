"""Lists whose lines have one shape: what it is, how it stands, what one can do. Below each other on a phone."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import reflex as rx


def lines(
    rows: Any, line: Callable[[Any], rx.Component], *, card: bool = False, class_name: str = "", **props: Any
) -> rx.Component:
    """Return a list of lines, each made by ``line``; as a card of its own, or inside of one."""
    classes = f"{'wh-card ' if card else ''}wh-lines {class_name}"
    return rx.el.ul(rx.foreach(rows, line), class_name=classes.strip(), **props)


def line(what: list[Any], how: list[Any], *actions: rx.Component, name: Any, key: Any, **props: Any) -> rx.Component:
    """Return one line.

    Args:
        what: what it is about.
        how: how it stands.
        actions: buttons.
        name: id of the first part. Lines have the same buttons: which one they are about is read out with them, when
            they have ``aria_describedby=name``.
        key: the row's id.
        props: for the line.
    """
    return rx.el.li(
        rx.el.div(*what, id=name, class_name="wh-min"),
        rx.el.div(*how, class_name="wh-min"),
        rx.el.div(*actions, class_name="wh-line-actions") if actions else rx.fragment(),
        key=key,
        **props,
    )
