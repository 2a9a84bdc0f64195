"""``/api-keys``: keys for programs."""

from __future__ import annotations

from typing import Any

import reflex as rx

from whahook_app.components.dialogs import question, shown_once
from whahook_app.components.elements import time
from whahook_app.components.lines import line, lines
from whahook_app.components.parts import empty, form_error, heading, skeleton, some
from whahook_app.components.text import t, t_name
from whahook_app.layout import page
from whahook_app.states.api_keys import NEW_KEY, ApiKeys
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
                lines(ApiKeys.keys, _key, card=True, aria_label=t("keys.list")),
                empty("key-round", t("keys.none.title"), t("keys.none.body")),
            ),
            skeleton(),
        ),
        shown_once(
            opened=ApiKeys.showing,
            title=t("keys.new.title"),
            body=t("keys.new.body"),
            done=t("keys.new.done"),
            on_done=ApiKeys.hide,
            identifier=NEW_KEY,
        ),
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
    name = f"key-{key.id}"
    return line(
        [rx.el.strong(key.name), rx.el.p(rx.el.code(key.prefix))],
        [
            rx.el.p(t("keys.created"), " ", time(key.created, "ago", Base.lang), class_name="wh-faint"),
            rx.el.p(
                rx.cond(
                    key.used != "",
                    rx.el.span(t("keys.used"), " ", time(key.used, "ago", Base.lang)),
                    t("keys.never"),
                ),
                class_name="wh-faint",
            ),
        ],
        rx.el.button(
            t("keys.revoke"),
            type="button",
            on_click=ApiKeys.ask(key.id),
            aria_label=t_name("keys.revoke_named", key.name),
            class_name="wh-button wh-quiet",
        ),
        name=name,
        key=key.id,
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
