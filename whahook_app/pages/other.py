"""The root, which leads on, and the page for addresses that do not exist."""

from __future__ import annotations

import reflex as rx

from whahook_app.components.parts import empty, skeleton
from whahook_app.components.text import t
from whahook_app.layout import plain


def home() -> rx.Component:
    """Return what is there for the moment until the connections open."""
    return plain(skeleton(1))


def not_found() -> rx.Component:
    """Return the page for an address that does not exist."""
    return plain(
        empty(
            "map-pin-off",
            t("not_found.title"),
            t("not_found.body"),
            rx.link(t("not_found.home"), href="/settings/connections", class_name="wh-button wh-primary"),
            heading_tag=rx.el.h1,
        )
    )
