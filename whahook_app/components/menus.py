"""The menu of a thing: a button with dots, and what one can do."""

from __future__ import annotations

from typing import Any

import reflex as rx


def dots_menu(label: Any, *items: rx.Component, icon: str = "ellipsis") -> rx.Component:
    """Return the button with its menu; ``label`` says what it is about."""
    return rx.dropdown_menu.root(
        rx.dropdown_menu.trigger(
            rx.el.button(
                rx.icon(icon, size=18, aria_hidden=True), type="button", aria_label=label, class_name="wh-icon-button"
            )
        ),
        rx.dropdown_menu.content(*items, align="end"),
        # A modal menu hides the page from screen readers while parts of it can still be focused.
        modal=False,
    )


def menu_item(icon: str, word: Any, on_select: Any, **props: Any) -> rx.Component:
    """Return one thing that can be done."""
    return rx.dropdown_menu.item(rx.icon(icon, size=15, aria_hidden=True), word, on_select=on_select, **props)
