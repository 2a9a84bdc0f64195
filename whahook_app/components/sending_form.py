"""The form of how an account sends."""

from __future__ import annotations

from typing import Any

import reflex as rx

from whahook_app.components.elements import Unsaved
from whahook_app.components.fields import check, keep_days, text_area, text_field
from whahook_app.components.parts import form_error
from whahook_app.components.text import t
from whahook_app.states.sending import Sending

ERROR = "sending-error"


def sending_form() -> rx.Component:
    """Return the form; it is made anew for another account, and when changes are thrown away."""
    form = Sending.form
    saved: Any = Sending.saved
    version: Any = Sending.version
    return rx.form(
        rx.el.input(type="hidden", name="account", value=Sending.account, read_only=True),
        _part(
            "sending.pace",
            "sending.pace.hint",
            rx.el.div(
                _field("gap", "sending.gap", form.gap, input_mode="decimal"),
                _field("jitter", "sending.jitter", form.jitter, input_mode="decimal"),
                _field("cap", "sending.cap", form.cap, input_mode="numeric", placeholder=t("sending.cap.none")),
                class_name="wh-fields",
            ),
            check("replies-first", form.replies_first, t("sending.replies_first")),
        ),
        _part(
            "sending.quiet",
            "sending.quiet.hint",
            check("quiet", form.quiet, t("sending.quiet.on")),
            rx.el.div(
                _field("start", "alerts.quiet.start", form.start, type="time"),
                _field("until", "alerts.quiet.until", form.until, type="time"),
                _field("zone", "alerts.quiet.zone", form.zone, max_length=64, custom_attrs={"data-zone": "true"}),
                class_name="wh-hours",
            ),
        ),
        _part(
            "sending.duplicates",
            "sending.duplicates.hint",
            check("duplicates", form.duplicates, t("sending.duplicates.on")),
            rx.el.div(
                _field(
                    "window",
                    "sending.window",
                    form.window,
                    input_mode="decimal",
                    placeholder=Sending.default_window,
                ),
                class_name="wh-fields",
            ),
        ),
        _part(
            "sending.words",
            "sending.words.hint",
            rx.el.div(
                _words("opt-out-words", "sending.words.out", form.opt_out_words),
                _words("opt-in-words", "sending.words.in", form.opt_in_words),
                class_name="wh-fields wh-two",
            ),
        ),
        _part("sending.keep", "sending.keep.hint", _keep(form)),
        rx.el.div(
            form_error(Sending.form_error, ERROR),
            # No toast: on a phone it would lie on the button.
            rx.el.span(rx.cond(Sending.stored, t("sending.saved"), ""), class_name="wh-saved-word", role="status"),
            Unsaved.create(
                rx.el.span(t("sending.unsaved"), class_name="wh-unsaved-word", role="status"),
                rx.el.button(
                    t("sending.discard"), type="button", on_click=Sending.discard, class_name="wh-button wh-ghost"
                ),
                saved=saved.to_string(),
                ask=t("sending.leave"),
                class_name="wh-unsaved",
            ),
            rx.el.button(t("save"), type="submit", id="sending-save", class_name="wh-button wh-primary"),
            class_name="wh-save-bar",
        ),
        key=Sending.account + "-" + version.to_string(),
        on_submit=Sending.save,
        class_name="wh-card wh-form wh-settings",
        custom_attrs={"aria-label": t("sending.settings")},
    )


def _part(key: str, hint: str, *content: rx.Component) -> rx.Component:
    return rx.el.fieldset(
        rx.el.legend(t(key)), rx.el.p(t(hint), class_name="wh-faint"), *content, class_name="wh-settings-part"
    )


def _field(name: str, key: str, value: Any, **props: Any) -> rx.Component:
    return rx.el.div(text_field(f"sending-{name}", t(key), **_about(name, value), **props))


def _words(name: str, key: str, value: Any) -> rx.Component:
    return rx.el.div(text_area(f"sending-{name}", t(key), rows="4", **_about(name, value)))


def _about(name: str, value: Any) -> dict[str, Any]:
    return {"error": ERROR, "name": name, "default_value": value, "aria_invalid": Sending.wrong == name}


def _keep(form: Any) -> rx.Component:
    return rx.el.div(keep_days("sending-keep-days", "keep-days", form.keep_days, error=ERROR))
