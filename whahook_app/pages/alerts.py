"""``/settings/alerts``: what one is told about by e-mail, in which language, and when not."""

from __future__ import annotations

from typing import Any

import reflex as rx

from session_core.domain.alerts import AlertKind
from whahook_app.components.fields import check, choice, text_field
from whahook_app.components.parts import callout, form_error, heading, skeleton
from whahook_app.components.text import t
from whahook_app.i18n import LANGUAGES
from whahook_app.layout import page
from whahook_app.states.alerts import Alerts

PATH = "/settings/alerts"


def alerts() -> rx.Component:
    """Return the page."""
    return page(
        heading(t("alerts.title"), rx.el.p(t("alerts.subtitle"), class_name="wh-soft")),
        rx.cond(
            Alerts.mail_off,
            callout("wait", "mail-x", t("alerts.mail_off.title"), t("alerts.mail_off.body")),
            rx.fragment(),
        ),
        rx.cond(Alerts.loaded, _form(), skeleton(1)),
        current=PATH,
    )


def _form() -> rx.Component:
    return rx.form(
        rx.el.fieldset(rx.el.legend(t("alerts.kinds")), *[_kind(kind) for kind in AlertKind]),
        rx.el.fieldset(
            rx.el.legend(t("alerts.quiet")),
            check("quiet", Alerts.quiet, t("alerts.quiet.on"), t("alerts.quiet.hint")),
            rx.el.div(
                _field("start", "alerts.quiet.start", Alerts.start, type="time"),
                _field("until", "alerts.quiet.until", Alerts.until, type="time"),
                _field("zone", "alerts.quiet.zone", Alerts.zone, max_length=64),
                class_name="wh-hours",
            ),
        ),
        choice(
            "alerts-language",
            t("alerts.language"),
            *[rx.el.option(t(f"alerts.language.{language}"), value=language) for language in LANGUAGES],
            name="language",
            default_value=Alerts.mail_language,
        ),
        form_error(Alerts.form_error, "alerts-error"),
        rx.el.div(rx.el.button(t("save"), type="submit", class_name="wh-button wh-primary"), class_name="wh-form-end"),
        on_submit=Alerts.save,
        class_name="wh-card wh-padded wh-form wh-prefs",
    )


def _kind(kind: AlertKind) -> rx.Component:
    key = f"alerts.kind.{kind.value}"
    return check(f"kind-{kind.value}", Alerts.told[kind.value], t(key), t(f"{key}.hint"))


def _field(name: str, key: str, value: Any, **props: Any) -> rx.Component:
    return rx.el.div(
        text_field(f"alerts-{name}", t(key), error="alerts-error", name=name, default_value=value, **props)
    )
