"""The bar that shows when an account was up: plain elements, nothing that has to be loaded."""

from __future__ import annotations

from typing import Any

import reflex as rx

from whahook_app.components.text import t


def uptime_bar(tones: Any, percent: Any, label: Any, span: str, **props: Any) -> rx.Component:
    """Return a bar with its share below; screen readers hear the sentence, which a pointer shows too."""
    segments = rx.foreach(tones, lambda tone: rx.el.i(custom_attrs={"data-tone": tone}))
    return rx.el.div(
        rx.cond(
            label != "",
            rx.el.div(segments, role="img", aria_label=label, title=label, class_name="wh-bar"),
            # Not known yet: the room for it, and nothing to read out.
            rx.el.div(class_name="wh-bar"),
        ),
        rx.el.p(
            rx.el.span(t(f"uptime.{span}")), rx.el.span(percent), class_name="wh-bar-foot wh-num", aria_hidden=True
        ),
        **props,
    )
