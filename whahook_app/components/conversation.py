"""The open conversation: its messages by the day, and the place to write."""

from __future__ import annotations

from typing import Any

import reflex as rx

from whahook_app.components.elements import Day, Near, Seen, time, visually_hidden
from whahook_app.components.history import chat_menu
from whahook_app.components.media import attach, media_box
from whahook_app.components.message_actions import message_actions
from whahook_app.components.messages.compose import attach_menu, later
from whahook_app.components.messages.kinds import kind_box
from whahook_app.components.messages.menu import message_menu
from whahook_app.components.parts import callout, some, state_icon
from whahook_app.components.text import t
from whahook_app.states.base import Base
from whahook_app.states.messages import Messages


def conversation() -> rx.Component:
    """Return the right side; a hint as long as no conversation is open."""
    return rx.cond(
        Messages.chat != "",
        rx.el.section(_head(), _log(), _compose(), _seen(), aria_label=Messages.title, class_name="wh-conversation"),
        rx.el.div(
            rx.icon("messages-square", size=26, aria_hidden=True),
            rx.el.strong(t("chats.choose.title")),
            rx.el.p(t("chats.choose.body")),
            class_name="wh-conversation wh-chat-choose",
        ),
    )


def _seen() -> rx.Component:
    unread: Any = Messages.unread
    return Seen.create(
        rx.el.button(type="button", on_click=Messages.read_opened, hidden=True, aria_hidden="true", tab_index=-1),
        chat=Messages.chat,
        unread=rx.cond(Messages.ready & ~Messages.past & (Messages.read_marks != "off"), unread.to_string(), "0"),
    )


def _head() -> rx.Component:
    return rx.el.header(
        rx.el.button(
            rx.icon("arrow-left", size=19, aria_hidden=True),
            type="button",
            on_click=Messages.close_chat,
            aria_label=t("chats.back"),
            class_name="wh-icon-button wh-chat-back",
        ),
        rx.el.span(
            rx.cond(Messages.group, rx.icon("users", size=18), rx.icon("user", size=18)),
            class_name="wh-avatar",
            aria_hidden=True,
        ),
        rx.el.div(
            rx.el.h2(Messages.title, class_name="wh-ellipsis"),
            rx.cond(Messages.subtitle != "", rx.el.p(Messages.subtitle, class_name="wh-faint wh-num"), rx.fragment()),
            class_name="wh-min",
        ),
        chat_menu(),
        class_name="wh-conversation-head",
    )


def _log() -> rx.Component:
    # The outer box runs from the bottom up (CSS): it begins at the newest message and stays there, and what is put on
    # top moves nothing. Inside of its one child the order is that of the reading.
    return rx.el.div(
        rx.el.div(
            rx.cond(
                Messages.more,
                Near.create(
                    rx.el.button(
                        t("chats.older"), type="button", on_click=Messages.older, class_name="wh-button wh-quiet"
                    ),
                    count=_count(Messages.bubbles),
                    class_name="wh-older",
                ),
                rx.fragment(),
            ),
            rx.cond(
                some(Messages.bubbles),
                rx.el.div(
                    rx.el.ol(rx.foreach(Messages.bubbles, _bubble), class_name="wh-bubbles"),
                    role="log",
                    aria_label=t("chats.log"),
                ),
                rx.el.p(t("chats.empty"), class_name="wh-chat-nothing"),
            ),
        ),
        key=Messages.chat,
        tab_index=0,
        role="region",
        aria_label=t("chats.log"),
        class_name="wh-log",
    )


def _bubble(row: Any) -> rx.Component:
    return rx.el.li(
        Day.create(datetime=row.at, lang=Base.lang, class_name="wh-day"),
        rx.el.div(
            visually_hidden(_who(row), ": "),
            rx.cond(row.author != "", rx.el.p(row.author, class_name="wh-bubble-author", aria_hidden=True)),
            rx.cond(row.answers, _quote(row.quote_author, row.quote), rx.fragment()),
            rx.cond(
                row.note != "",
                rx.el.p(
                    rx.cond(
                        row.deleted,
                        rx.icon("ban", size=14, aria_hidden=True),
                        rx.icon("paperclip", size=14, aria_hidden=True),
                    ),
                    row.note,
                    class_name="wh-bubble-note",
                ),
                rx.fragment(),
            ),
            media_box(row.media, Messages.fetch_media),
            kind_box(row),
            rx.cond(row.text != "", rx.el.p(row.text, class_name="wh-message-text"), rx.fragment()),
            rx.cond(row.failure != "", rx.el.p(row.failure, class_name="wh-error"), rx.fragment()),
            message_actions(row),
            rx.cond(
                row.reactions != "",
                rx.el.p(
                    rx.el.span(row.reactions, aria_hidden="true"),
                    visually_hidden(row.reactions_word),
                    title=row.reactions_word,
                    class_name="wh-reactions",
                ),
                rx.fragment(),
            ),
            rx.el.p(
                rx.cond(row.edited, rx.el.span(t("chats.edited"), " · "), rx.fragment()),
                rx.cond(row.replayed, rx.el.span(t("chats.replayed"), " · "), rx.fragment()),
                time(row.at, "clock", Base.lang),
                rx.cond(
                    row.icon != "",
                    rx.el.span(
                        state_icon(row.icon),
                        visually_hidden(row.word),
                        title=row.word,
                        class_name="wh-ack",
                        custom_attrs={"data-status": row.status},
                    ),
                    rx.fragment(),
                ),
                class_name="wh-bubble-end",
            ),
            class_name="wh-bubble",
        ),
        message_menu(row),
        key=row.id,
        custom_attrs={"data-message": row.id, "data-out": row.out.to_string()},
    )


def _who(row: Any) -> rx.Var:
    return rx.cond(row.out, t("chats.you"), rx.cond(row.author != "", row.author, Messages.title))


def _count(rows: Any) -> rx.Var:
    return rows.length().to_string()


def _quote(author: Any, text: Any) -> rx.Component:
    return rx.el.blockquote(
        visually_hidden(t("chats.answers"), " "),
        rx.cond(author != "", rx.el.strong(author), rx.fragment()),
        rx.el.span(text),
        class_name="wh-quote",
    )


def _compose() -> rx.Component:
    return rx.el.footer(
        rx.cond(
            Messages.ready,
            rx.fragment(),
            callout("wait", "clock-3", t("chats.offline.title"), t("chats.offline.body"), role="status"),
        ),
        rx.cond(
            Messages.past,
            rx.el.button(
                rx.icon("arrow-down", size=15, aria_hidden=True),
                t("chats.newest"),
                type="button",
                on_click=Messages.open_chat(Messages.chat),
                class_name="wh-button wh-ghost wh-newest",
            ),
            rx.fragment(),
        ),
        rx.cond(Messages.reply_to != "", _answering(), rx.fragment()),
        later(),
        rx.form(
            attach_menu(),
            attach(button=False, key=Messages.chat),
            rx.el.textarea(
                name="text",
                id="compose-text",
                key=Messages.chat,
                rows="1",
                max_length=65536,
                placeholder=t("chats.compose"),
                aria_label=t("chats.compose.hint"),
                aria_describedby="compose-error",
                class_name="wh-input",
                custom_attrs={"data-enter-sends": "true"},
            ),
            rx.el.button(
                rx.icon("send-horizontal", size=18, aria_hidden=True),
                type="submit",
                aria_label=t("chats.send"),
                class_name="wh-button wh-primary",
            ),
            on_submit=Messages.send,
            class_name="wh-compose",
        ),
        rx.el.p(
            rx.cond(Messages.send_error != "", rx.icon("circle-alert", size=15, aria_hidden=True), rx.fragment()),
            rx.el.span(Messages.send_error),
            rx.cond(
                Messages.duplicate,
                rx.el.button(
                    t("chats.send_again"),
                    type="button",
                    on_click=rx.call_script("document.getElementById('compose-text').form.requestSubmit()"),
                    class_name="wh-text-button",
                ),
                rx.fragment(),
            ),
            id="compose-error",
            role="alert",
            class_name=rx.cond(Messages.send_error != "", "wh-error", "wh-error wh-none"),
        ),
        class_name="wh-conversation-foot",
    )


def _answering() -> rx.Component:
    return rx.el.div(
        rx.el.p(
            t("chats.replying"),
            " ",
            rx.el.strong(rx.cond(Messages.reply_author != "", Messages.reply_author, t("chats.you"))),
            ": ",
            Messages.reply_text,
            class_name="wh-ellipsis",
        ),
        rx.el.button(
            rx.icon("x", size=16, aria_hidden=True),
            type="button",
            on_click=Messages.no_reply,
            aria_label=t("chats.no_reply"),
            class_name="wh-icon-button",
        ),
        class_name="wh-answering",
    )
