"""A small line that shows how a measure went."""

from __future__ import annotations

from typing import Any

import reflex as rx

from whahook_app.views.resources import HEIGHT, WIDTH


def sparkline(line: Any, name: Any) -> rx.Component:
    """Return a measure's name, its newest value and its line; screen readers hear the sentence about it."""
    return rx.el.div(
        rx.el.p(rx.el.span(name), rx.el.span(line.now), aria_hidden=True),
        rx.el.svg(
            rx.el.svg.polyline(
                points=line.points,
                fill="none",
                stroke="currentColor",
                stroke_width="1.5",
                vector_effect="non-scaling-stroke",
            ),
            view_box=f"0 0 {WIDTH} {HEIGHT}",
            preserve_aspect_ratio="none",
            role="img",
            aria_label=line.label,
        ),
        class_name="wh-spark",
    )
