"""The two pages about sending: how an account sends, and who wants to hear no more."""

from __future__ import annotations

from typing import Any

import reflex as rx

from whahook_app.components.text import t

SENDING = "/settings/sending"
OPT_OUTS = "/settings/opt-outs"


def sending_tabs(current: str) -> rx.Component:
    """Return the links between them."""
    return rx.el.nav(
        _tab(SENDING, "sending.tab", current),
        _tab(OPT_OUTS, "opt_outs.tab", current),
        aria_label=t("sending.tabs"),
        class_name="wh-tabs",
    )


def _tab(path: str, key: str, current: str) -> rx.Component:
    props: dict[str, Any] = {"aria_current": "page"} if path == current else {}
    return rx.link(t(key), href=path, underline="none", class_name="wh-tab", _hover={"color": "var(--wh-ink)"}, **props)
