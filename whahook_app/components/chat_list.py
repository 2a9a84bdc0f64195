"""The list of conversations, with its search."""

from __future__ import annotations

from typing import Any

import reflex as rx

from whahook_app.components.elements import time, visually_hidden
from whahook_app.components.parts import some, state_icon
from whahook_app.components.text import t
from whahook_app.states.base import Base
from whahook_app.states.messages import Messages


def chat_list() -> rx.Component:
    """Return the left side: what is looked for, the offer to write to a number, the conversations."""
    return rx.el.nav(
        rx.el.div(
            rx.icon("search", size=15, aria_hidden=True),
            rx.el.input(
                type="search",
                placeholder=t("chats.search"),
                aria_label=t("chats.search"),
                default_value=Messages.query,
                on_change=Messages.search.debounce(250),
                max_length=200,
                auto_complete="off",
                id="chat-search",
                key=Messages.account,
                class_name="wh-input",
            ),
            class_name="wh-chat-search",
        ),
        rx.el.div(_new_chat(), _found(), _hits(), class_name="wh-chat-rows", tab_index=-1),
        aria_label=t("chats.list"),
        class_name="wh-chat-list",
    )


def _found() -> rx.Component:
    return rx.cond(
        some(Messages.rows),
        rx.fragment(
            rx.el.ul(rx.foreach(Messages.rows, _line)),
            rx.cond(
                Messages.more_chats,
                rx.el.button(
                    t("chats.more"), type="button", on_click=Messages.more_of_list, class_name="wh-button wh-quiet"
                ),
                rx.fragment(),
            ),
        ),
        rx.cond(some(Messages.hits), rx.fragment(), _nothing()),
    )


def _nothing() -> rx.Component:
    return rx.el.div(
        rx.cond(
            Messages.query == "",
            rx.fragment(rx.el.strong(t("chats.none.title")), rx.el.p(t("chats.none.body"))),
            rx.el.p(t("chats.nothing_found"), role="status"),
        ),
        class_name="wh-chat-nothing",
    )


def _hits() -> rx.Component:
    return rx.cond(
        some(Messages.hits),
        rx.fragment(
            rx.el.h2(t("chats.hits"), class_name="wh-chat-heading"),
            rx.el.ul(rx.foreach(Messages.hits, _hit)),
        ),
        rx.fragment(),
    )


def _hit(row: Any) -> rx.Component:
    return rx.el.li(
        rx.el.button(
            rx.el.span(
                rx.el.span(
                    rx.el.strong(row.chat, class_name="wh-ellipsis"),
                    time(row.at, "short", Base.lang),
                    class_name="wh-chat-row-top",
                ),
                rx.el.span(
                    rx.cond(row.out, rx.el.span(t("chats.you"), ": "), rx.fragment()),
                    row.text,
                    class_name="wh-hit-text",
                ),
                class_name="wh-min",
            ),
            type="button",
            on_click=Messages.open_hit(row.id),
            class_name="wh-chat-row wh-hit",
            custom_attrs={"data-hit": row.id},
        ),
        key=row.id,
    )


def _new_chat() -> rx.Component:
    return rx.cond(
        Messages.new_chat != "",
        rx.el.button(
            rx.el.span(rx.icon("square-pen", size=17, aria_hidden=True), class_name="wh-avatar"),
            rx.el.span(t("chats.write_to"), " ", rx.el.strong(Messages.new_number, class_name="wh-num")),
            type="button",
            on_click=Messages.open_chat(Messages.new_chat),
            class_name="wh-chat-row wh-chat-new",
        ),
        rx.fragment(),
    )


def _line(row: Any) -> rx.Component:
    return rx.el.li(
        rx.el.button(
            rx.el.span(
                rx.cond(row.group, rx.icon("users", size=18), rx.icon("user", size=18)),
                class_name="wh-avatar",
                aria_hidden=True,
            ),
            rx.el.span(
                rx.el.span(
                    rx.el.strong(row.name, class_name="wh-ellipsis"),
                    rx.cond(row.at != "", time(row.at, "short", Base.lang), rx.fragment()),
                    class_name="wh-chat-row-top",
                ),
                rx.el.span(
                    rx.cond(row.icon != "", rx.fragment(state_icon(row.icon), visually_hidden(row.word, ": "))),
                    rx.el.span(row.preview, class_name="wh-ellipsis"),
                    rx.cond(row.archived, rx.icon("archive", size=14, aria_label=t("chats.archived")), rx.fragment()),
                    rx.cond(
                        row.unread > 0,
                        rx.el.span(
                            rx.el.span(row.unread, aria_hidden=True),
                            visually_hidden(row.unread_word),
                            class_name="wh-unread",
                        ),
                        rx.fragment(),
                    ),
                    class_name="wh-chat-row-end",
                    custom_attrs={"data-status": row.icon},
                ),
                class_name="wh-min",
            ),
            type="button",
            on_click=Messages.open_chat(row.id),
            aria_current=rx.cond(Messages.chat == row.id, "true", "false"),
            class_name="wh-chat-row",
            custom_attrs={"data-chat": row.id},
        ),
        key=row.id,
    )
