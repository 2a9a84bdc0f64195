"""The dialog that asks which files of an account are fetched by themselves."""

from __future__ import annotations

from typing import Any

import reflex as rx

from session_core.domain.media import MediaKind
from whahook_app.components.dialogs import form_dialog, form_end
from whahook_app.components.fields import check
from whahook_app.components.text import t
from whahook_app.states.messages import Messages


def media_dialog() -> rx.Component:
    """Return the dialog."""
    return form_dialog(
        Messages.asks_for_media,
        t("media.auto.title"),
        Messages.ask_for_no_media,
        rx.form(
            *[_kind(kind) for kind in MediaKind],
            form_end(t("media.auto.yes")),
            on_submit=Messages.choose_media,
            class_name="wh-form",
        ),
        body=t("media.auto.body"),
        small=True,
    )


def _kind(kind: MediaKind) -> rx.Component:
    chosen: Any = Messages.auto_media
    return check(f"auto-{kind.value}", chosen.contains(kind.value), t(f"media.auto.{kind.value}"))
