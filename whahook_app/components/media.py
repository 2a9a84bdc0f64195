"""Files in a conversation: pictures, players, documents, and those that are not here (yet); and how one is attached."""

from __future__ import annotations

from typing import Any

import reflex as rx
from reflex_components_core.el.element import Element

from whahook_app.components.text import t

REFUSALS = ("media_too_large", "media_quota_exceeded", "media_type_refused", "media_empty", "storage_full")
"""What a server can have against a file; anything else is said in general words."""


class Attach(Element):
    """A button that takes a file and uploads it at once, with a bar that shows how far it is (``assets/media.js``).

    Its form gets the fields ``media`` (the id) and ``mediaKind``.
    """

    tag = "WhAttach"
    alias = "wh-attach"


def attach(*, button: bool, **props: Any) -> rx.Component:
    """Return the field for a form; without a ``button`` a menu opens it (``whahookAttach`` in the browser)."""
    texts = {f"data-{code.replace('_', '-')}": t(f"error.{code}") for code in REFUSALS}
    texts |= {
        "data-label": t("media.attach"),
        "data-remove": t("media.remove"),
        "data-uploading": t("media.uploading"),
        "data-failed": t("media.upload_failed"),
    }
    if button:
        texts["data-button"] = "true"
    return Attach.create(custom_attrs=texts, class_name="wh-attach", **props)


def media_box(row: Any, fetch: Any) -> rx.Component:
    """Return the file of a message.

    Args:
        row: a `whahook_app.views.media.MediaRow`.
        fetch: event handler that takes the id of a file that is to be fetched again.
    """
    return rx.match(
        row.state,
        ("", rx.fragment()),
        ("ready", _ready(row)),
        (
            "pending",
            rx.el.p(
                rx.icon("loader-circle", size=16, aria_hidden=True, class_name="wh-icon-loader"),
                _named(row, t("media.pending")),
                role="status",
                class_name="wh-media-note",
            ),
        ),
        _not_here(row, fetch),
    )


def _address(row: Any) -> rx.Var:
    return rx.Var.create("/api/v1/media/") + row.id + rx.Var.create("/file")


def _ready(row: Any) -> rx.Component:
    picture = rx.el.a(
        rx.el.img(
            src=_address(row),
            alt=rx.cond(row.name != "", row.name, t("media.picture")),
            loading="lazy",
            class_name="wh-media-picture",
        ),
        href=_address(row),
        target="_blank",
        rel="noreferrer",
    )
    src = _address(row)
    sticker = rx.el.img(src=src, alt=t("media.sticker"), loading="lazy", class_name="wh-media-sticker")
    video = rx.el.video(
        src=src, controls=True, preload="metadata", aria_label=t("media.video"), class_name="wh-media-picture"
    )
    audio = rx.el.audio(
        src=src, controls=True, preload="none", aria_label=t("media.audio"), class_name="wh-media-audio"
    )
    file = rx.el.a(
        rx.icon("file-text", size=20, aria_hidden=True),
        _named(row, t("media.file")),
        rx.icon("download", size=16, aria_hidden=True),
        href=src,
        download=True,
        class_name="wh-media-file",
    )
    return rx.match(row.show, ("image", picture), ("sticker", sticker), ("video", video), ("audio", audio), file)


def _named(row: Any, otherwise: Any) -> rx.Component:
    return rx.el.span(
        rx.el.span(rx.cond(row.name != "", row.name, otherwise), class_name="wh-media-name"),
        rx.cond(row.size != "", rx.el.span(row.size, class_name="wh-faint wh-num"), rx.fragment()),
        class_name="wh-media-words",
    )


def _not_here(row: Any, fetch: Any) -> rx.Component:
    return rx.el.div(
        rx.el.p(
            rx.cond(
                row.problem != "",
                rx.icon("circle-alert", size=16, aria_hidden=True),
                rx.icon("cloud", size=16, aria_hidden=True),
            ),
            _named(row, t("media.file")),
            class_name="wh-media-note",
        ),
        rx.cond(row.problem != "", rx.el.p(row.problem, class_name="wh-error"), rx.fragment()),
        rx.cond(
            row.retry,
            rx.el.button(
                rx.icon("download", size=15, aria_hidden=True),
                rx.cond(row.problem != "", t("media.again"), t("media.fetch")),
                type="button",
                on_click=fetch(row.id),
                class_name="wh-button wh-ghost",
            ),
            rx.fragment(),
        ),
    )
