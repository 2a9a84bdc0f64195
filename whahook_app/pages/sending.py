"""``/settings/sending``: what an account's lane does now, and how it shall send."""

from __future__ import annotations

import reflex as rx

from whahook_app.components.dialogs import question
from whahook_app.components.parts import empty, heading, load_problem, skeleton, some
from whahook_app.components.sending_form import sending_form
from whahook_app.components.sending_now import sending_now
from whahook_app.components.sending_tabs import SENDING, sending_tabs
from whahook_app.components.text import t, t_name
from whahook_app.layout import page
from whahook_app.states.sending import Sending

PATH = SENDING


def sending() -> rx.Component:
    """Return the page."""
    return page(
        heading(t("sending.title"), rx.el.p(t("sending.subtitle"), class_name="wh-soft"), _chooser()),
        sending_tabs(PATH),
        load_problem(Sending.broken),
        rx.cond(
            Sending.loaded,
            rx.cond(
                some(Sending.choices),
                rx.el.div(sending_now(), sending_form(), class_name="wh-sending"),
                _no_accounts(),
            ),
            skeleton(2),
        ),
        question(
            opened=Sending.asks_to_keep_less,
            title=t_name("sending.keep_less.title", Sending.name),
            body=t("sending.keep_less.body"),
            yes=t("sending.keep_less.yes"),
            final=True,
            on_yes=Sending.save_and_keep_less,
            on_no=Sending.keep,
        ),
        current=PATH,
    )


def _chooser() -> rx.Component:
    return rx.cond(
        some(Sending.choices),
        rx.el.label(
            rx.el.span(t("messages.account"), class_name="wh-sr"),
            rx.el.select(
                rx.foreach(Sending.choices, lambda choice: rx.el.option(choice[1], value=choice[0])),
                value=Sending.account,
                on_change=Sending.choose,
                class_name="wh-input wh-select",
                id="account",
                # What is chosen now: the script that asks before one leaves puts it back.
                custom_attrs={"data-leaves": Sending.account},
            ),
        ),
        rx.fragment(),
    )


def _no_accounts() -> rx.Component:
    return empty(
        "smartphone",
        t("sending.no_accounts.title"),
        t("sending.no_accounts.body"),
        rx.link(t("messages.go_connect"), href="/settings/connections", class_name="wh-button wh-primary"),
    )
