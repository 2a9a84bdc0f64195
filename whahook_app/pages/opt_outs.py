"""``/settings/opt-outs``: who wants to hear no more, and since when."""

from __future__ import annotations

from typing import Any

import reflex as rx

from whahook_app.components.dialogs import form_dialog, form_end, question
from whahook_app.components.elements import NativeLink, time
from whahook_app.components.fields import choice, text_field
from whahook_app.components.lines import line, lines
from whahook_app.components.parts import empty, form_error, heading, main_button, skeleton, some
from whahook_app.components.sending_tabs import OPT_OUTS, sending_tabs
from whahook_app.components.text import t, t_name
from whahook_app.layout import page
from whahook_app.states.base import Base
from whahook_app.states.opt_outs import OptOuts

PATH = OPT_OUTS
EXPORT = "/api/v1/opt-outs/export"


def opt_outs() -> rx.Component:
    """Return the page."""
    return page(
        heading(t("opt_outs.title"), rx.el.p(t("opt_outs.subtitle"), class_name="wh-soft"), _add_button("add-opt-out")),
        sending_tabs(PATH),
        rx.cond(OptOuts.loaded, rx.cond(some(OptOuts.rows) | (OptOuts.query != ""), _list(), _none()), skeleton()),
        _form(),
        question(
            opened=OptOuts.undoing != "",
            title=t_name("opt_outs.undo.title", OptOuts.undoing_name),
            body=t("opt_outs.undo.body"),
            yes=t("opt_outs.undo"),
            final=False,
            on_yes=OptOuts.undo,
            on_no=OptOuts.keep,
        ),
        current=PATH,
    )


def _add_button(identifier: str) -> rx.Component:
    return main_button("user-x", t("opt_outs.add"), OptOuts.open_form, id=identifier)


def _none() -> rx.Component:
    return empty("user-x", t("opt_outs.none.title"), t("opt_outs.none.body"), _add_button("first-opt-out"))


def _list() -> rx.Component:
    return rx.fragment(
        rx.el.div(
            rx.el.input(
                type="search",
                placeholder=t("opt_outs.search"),
                aria_label=t("opt_outs.search"),
                default_value=OptOuts.query,
                on_change=OptOuts.search.debounce(250),
                max_length=200,
                auto_complete="off",
                id="opt-out-search",
                class_name="wh-input",
            ),
            NativeLink.create(
                rx.icon("download", size=15, aria_hidden=True),
                t("opt_outs.export"),
                href=EXPORT,
                custom_attrs={"download": ""},
                class_name="wh-button wh-ghost",
            ),
            class_name="wh-search-bar",
        ),
        rx.cond(
            some(OptOuts.rows),
            lines(OptOuts.rows, _line, card=True, aria_label=t("opt_outs.title")),
            rx.el.p(t("opt_outs.nobody"), role="status", class_name="wh-card wh-nobody"),
        ),
        rx.cond(
            OptOuts.more,
            rx.el.button(t("more"), type="button", on_click=OptOuts.show_more, class_name="wh-button wh-quiet"),
            rx.fragment(),
        ),
    )


def _line(row: Any) -> rx.Component:
    name = f"opt-out-{row.id}"
    return line(
        [
            rx.el.strong(row.name),
            rx.cond(row.number != "", rx.el.p(row.number, class_name="wh-soft wh-num"), rx.fragment()),
        ],
        [
            rx.el.p(row.how),
            rx.el.p(time(row.at, "moment", Base.lang), " · ", row.account, class_name="wh-faint"),
        ],
        rx.el.button(
            t("opt_outs.undo"),
            type="button",
            on_click=OptOuts.ask(row.id),
            aria_describedby=name,
            class_name="wh-button wh-quiet",
        ),
        name=name,
        key=row.id,
        custom_attrs={"data-opt-out": row.id},
    )


def _form() -> rx.Component:
    return form_dialog(
        OptOuts.adding,
        t("opt_outs.form.title"),
        OptOuts.close_form,
        rx.form(
            text_field(
                "opt-out-to",
                t("opt_outs.form.to"),
                error="opt-out-error",
                name="to",
                required=True,
                max_length=100,
                input_mode="tel",
                placeholder="+34 612 34 56 78",
            ),
            form_error(OptOuts.form_error, "opt-out-error"),
            choice(
                "opt-out-account",
                t("opt_outs.form.account"),
                rx.el.option(t("opt_outs.form.every_account"), value=""),
                rx.foreach(OptOuts.choices, lambda each: rx.el.option(each[1], value=each[0])),
                name="account",
            ),
            form_end(t("opt_outs.add")),
            on_submit=OptOuts.add,
            class_name="wh-form",
        ),
        body=t("opt_outs.form.body"),
        small=True,
    )
