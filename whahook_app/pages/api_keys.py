"""``/api-keys``: keys for programs."""

from __future__ import annotations

from typing import Any

import reflex as rx

from whahook_app.components.dialogs import REFOCUS, question
from whahook_app.components.elements import copy_button, time
from whahook_app.components.parts import empty, form_error, heading, skeleton, some
from whahook_app.components.text import t, t_name
from whahook_app.layout import page
from whahook_app.states.api_keys import ApiKeys
from whahook_app.states.base import Base

PATH = "/api-keys"


def api_keys() -> rx.Component:
    """Return the page."""
    return page(
        heading(t("keys.title"), rx.el.p(t("keys.subtitle"), class_name="wh-soft")),
        _form(),
        rx.cond(
            ApiKeys.loaded,
            rx.cond(
                some(ApiKeys.keys),
                rx.el.ul(rx.foreach(ApiKeys.keys, _key), class_name="wh-card wh-keys", aria_label=t("keys.list")),
                empty("key-round", t("keys.none.title"), t("keys.none.body")),
            ),
            skeleton(),
        ),
        _shown_once(),
        _question(),
        current=PATH,
    )


def _form() -> rx.Component:
    return rx.form(
        rx.el.label(t("keys.name"), html_for="key-name"),
        rx.el.div(
            rx.el.input(
                id="key-name",
                name="name",
                max_length=100,
                required=True,
                auto_complete="off",
                placeholder=t("keys.name_example"),
                class_name="wh-input",
                aria_describedby="key-error",
            ),
            rx.el.button(t("keys.create"), type="submit", class_name="wh-button wh-primary"),
            class_name="wh-inline",
        ),
        form_error(ApiKeys.form_error, "key-error"),
        on_submit=ApiKeys.create,
        class_name="wh-card wh-form wh-padded",
    )


def _key(key: Any) -> rx.Component:
    return rx.el.li(
        rx.el.div(rx.el.strong(key.name), rx.el.code(key.prefix), class_name="wh-min"),
        rx.el.div(
            rx.el.span(t("keys.created"), " ", time(key.created, "ago", Base.lang)),
            rx.el.span(
                rx.cond(
                    key.used != "",
                    rx.el.span(t("keys.used"), " ", time(key.used, "ago", Base.lang)),
                    t("keys.never"),
                ),
            ),
            class_name="wh-faint wh-key-times",
        ),
        rx.el.button(
            t("keys.revoke"),
            type="button",
            on_click=ApiKeys.ask(key.id),
            aria_label=t_name("keys.revoke_named", key.name),
            class_name="wh-button wh-quiet",
        ),
        key=key.id,
    )


def _shown_once() -> rx.Component:
    return rx.alert_dialog.root(
        rx.alert_dialog.content(
            rx.alert_dialog.title(t("keys.new.title"), class_name="wh-dialog-title"),
            rx.alert_dialog.description(t("keys.new.body"), class_name="wh-soft"),
            rx.el.code(ApiKeys.new_key, id="new-key", class_name="wh-secret"),
            rx.el.div(
                copy_button(ApiKeys.new_key, t("copy"), t("copied")),
                rx.el.button(
                    t("keys.new.done"), type="button", on_click=ApiKeys.hide, class_name="wh-button wh-primary"
                ),
                class_name="wh-dialog-actions",
            ),
            class_name="wh-dialog wh-dialog-small",
            on_close_auto_focus=REFOCUS,
        ),
        open=ApiKeys.new_key != "",
        on_open_change=lambda _opened: ApiKeys.hide,
    )


def _question() -> rx.Component:
    return question(
        opened=ApiKeys.revoking != "",
        title=t_name("confirm.revoke.title", ApiKeys.revoking_name),
        body=t("confirm.revoke.body"),
        yes=t("keys.revoke"),
        final=True,
        on_yes=ApiKeys.revoke,
        on_no=ApiKeys.keep,
    )
