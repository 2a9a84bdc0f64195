"""``/webhooks``: where events go, how it went, and sending them again."""

from __future__ import annotations

from typing import Any

import reflex as rx

from session_core.domain.webhooks import BodyFormat
from whahook_app.components.dialogs import form_dialog, form_end, question, shown_once
from whahook_app.components.elements import NativeLink
from whahook_app.components.fields import check, choice, text_area, text_field
from whahook_app.components.parts import empty, form_error, heading, main_button, skeleton, some
from whahook_app.components.text import t, t_name
from whahook_app.components.webhooks import hook, one_delivery
from whahook_app.layout import page
from whahook_app.states.deliveries import SINCE
from whahook_app.states.webhooks import NEW, QUESTIONS, Webhooks

PATH = "/webhooks"


def webhooks() -> rx.Component:
    """Return the page."""
    return page(
        heading(t("webhooks.title"), rx.el.p(t("webhooks.subtitle"), class_name="wh-soft"), _new_button("new-webhook")),
        rx.cond(
            Webhooks.loaded,
            rx.cond(
                some(Webhooks.hooks),
                rx.el.ul(rx.foreach(Webhooks.hooks, hook), class_name="wh-list", aria_label=t("webhooks.title")),
                empty(
                    "webhook",
                    t("webhooks.none.title"),
                    t("webhooks.none.body"),
                    _new_button("first-webhook"),
                    NativeLink.create(t("nav.api_docs"), href="/api/docs", class_name="wh-button wh-ghost"),
                ),
            ),
            skeleton(),
        ),
        _form(),
        shown_once(
            opened=Webhooks.showing,
            title=t("webhooks.secret.title"),
            body=t("webhooks.secret.body"),
            done=t("webhooks.secret.done"),
            on_done=Webhooks.hide,
            identifier=NEW,
        ),
        *[_question(kind) for kind in QUESTIONS],
        _switch_on(),
        _replay(),
        one_delivery(),
        current=PATH,
    )


def _new_button(identifier: str) -> rx.Component:
    return main_button("plus", t("webhooks.new"), Webhooks.open_new, id=identifier)


def _form() -> rx.Component:
    form = Webhooks.form
    return form_dialog(
        Webhooks.form_open,
        rx.cond(form.id == "", t("webhooks.form.new"), t("webhooks.form.change")),
        Webhooks.close_form,
        rx.form(
            text_field(
                "webhook-url",
                t("webhooks.form.url"),
                error="webhook-error",
                name="url",
                type="url",
                default_value=form.url,
                required=True,
                max_length=2000,
                placeholder="https://example.org/whahook",
            ),
            text_field(
                "webhook-name",
                t("webhooks.form.name"),
                name="name",
                default_value=form.name,
                max_length=100,
                placeholder=t("webhooks.form.name_example"),
            ),
            _choices("webhooks.form.events", "all-events", form.all_events, "event-", form.events),
            _choices("webhooks.form.accounts", "all-accounts", form.all_accounts, "account-", form.accounts),
            choice(
                "webhook-format",
                t("webhooks.form.format"),
                *[rx.el.option(t(f"webhooks.form.format.{each.value}"), value=each.value) for each in BodyFormat],
                name="format",
                default_value=form.format,
            ),
            text_area(
                "webhook-headers",
                t("webhooks.form.headers"),
                error="webhook-headers-hint webhook-error",
                name="headers",
                default_value=form.headers,
                rows="2",
                max_length=12_000,
                auto_complete="off",
                spell_check=False,
                placeholder="Authorization: Bearer …",
            ),
            rx.el.p(
                t("webhooks.form.headers.hint"),
                rx.cond(form.headers != "", rx.fragment(" ", t("webhooks.form.headers.kept")), rx.fragment()),
                id="webhook-headers-hint",
                class_name="wh-faint",
            ),
            form_error(Webhooks.form_error, "webhook-error"),
            form_end(t("save")),
            on_submit=Webhooks.save,
            class_name="wh-form",
        ),
    )


def _choices(key: str, everything: str, all_chosen: Any, prefix: str, options: Any) -> rx.Component:
    """Return what can be ticked; the first box stands for all of them, also for those that come later."""
    return rx.el.fieldset(
        rx.el.legend(t(key)),
        check(everything, all_chosen, t(f"{key}.all")),
        rx.cond(
            some(options),
            rx.el.div(
                rx.el.p(t(f"{key}.only"), class_name="wh-faint"),
                rx.foreach(options, lambda each: check(prefix + each.value, each.chosen, each.label)),
                class_name="wh-only",
            ),
            rx.fragment(),
        ),
        class_name="wh-choices",
    )


def _question(kind: str) -> rx.Component:
    return question(
        opened=Webhooks.asking.kind == kind,
        title=t_name(f"confirm.webhook_{kind}.title", Webhooks.asking.name),
        body=t(f"confirm.webhook_{kind}.body"),
        yes=t(f"webhooks.{kind}"),
        final=kind == "delete",
        on_yes=Webhooks.do_asked,
        on_no=Webhooks.keep,
    )


def _switch_on() -> rx.Component:
    return form_dialog(
        Webhooks.switching_on != "",
        t("webhooks.enable.title"),
        Webhooks.keep,
        rx.form(
            check("missed", True, t("webhooks.enable.missed")),
            form_end(t("webhooks.enable")),
            on_submit=Webhooks.enable,
            class_name="wh-form",
        ),
    )


def _replay() -> rx.Component:
    return form_dialog(
        Webhooks.replaying,
        t("webhooks.replay.title"),
        Webhooks.close_replay,
        rx.form(
            choice(
                "replay-since",
                t("webhooks.replay.since"),
                *[rx.el.option(t(f"webhooks.replay.since.{name}"), value=name) for name in SINCE],
                name="since",
            ),
            text_field(
                "replay-cursor",
                t("webhooks.replay.cursor"),
                error="replay-error",
                name="cursor",
                input_mode="numeric",
                max_length=19,
                placeholder="1042",
            ),
            form_error(Webhooks.replay_error, "replay-error"),
            form_end(t("webhooks.send_again")),
            on_submit=Webhooks.replay,
            class_name="wh-form",
        ),
        body=t("webhooks.replay.body"),
    )
