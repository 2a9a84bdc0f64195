"""``/messages``: the conversations of an account, live."""

from __future__ import annotations

import reflex as rx

from whahook_app.components.chat_list import chat_list
from whahook_app.components.conversation import conversation
from whahook_app.components.history import account_menu, history_dialogs
from whahook_app.components.media_dialog import media_dialog
from whahook_app.components.messages.compose import compose_dialogs
from whahook_app.components.messages.menu import message_dialogs
from whahook_app.components.parts import empty, heading, load_problem, skeleton, some
from whahook_app.components.text import t
from whahook_app.layout import page
from whahook_app.states.messages import Messages

PATH = "/messages"


def messages() -> rx.Component:
    """Return the page."""
    return page(
        heading(t("messages.title"), rx.el.p(t("messages.subtitle"), class_name="wh-soft"), _chooser()),
        load_problem(Messages.broken),
        rx.cond(
            Messages.loaded,
            rx.cond(some(Messages.choices), _chats(), rx.cond(Messages.broken, rx.fragment(), _no_accounts())),
            skeleton(3),
        ),
        history_dialogs(),
        media_dialog(),
        message_dialogs(),
        compose_dialogs(),
        current=PATH,
    )


def _chooser() -> rx.Component:
    return rx.cond(
        some(Messages.choices),
        rx.el.div(
            rx.el.label(
                rx.el.span(t("messages.account"), class_name="wh-sr"),
                rx.el.select(
                    rx.foreach(Messages.choices, lambda choice: rx.el.option(choice[1], value=choice[0])),
                    value=Messages.account,
                    on_change=Messages.choose,
                    class_name="wh-input wh-select",
                    id="account",
                ),
            ),
            account_menu(),
            class_name="wh-chooser",
        ),
        rx.fragment(),
    )


def _chats() -> rx.Component:
    return rx.el.div(
        chat_list(),
        conversation(),
        class_name="wh-card wh-chat",
        custom_attrs={"data-open": rx.cond(Messages.chat != "", "true", "false")},
    )


def _no_accounts() -> rx.Component:
    return empty(
        "smartphone",
        t("messages.no_accounts.title"),
        t("messages.no_accounts.body"),
        rx.link(t("messages.go_connect"), href="/settings/connections", class_name="wh-button wh-primary"),
    )
