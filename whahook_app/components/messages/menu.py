"""What one can do with a message: answer, react, change its words, delete it for everyone."""

from __future__ import annotations

from typing import Any

import reflex as rx

from whahook_app.components.dialogs import form_dialog, form_end, question
from whahook_app.components.fields import text_area
from whahook_app.components.parts import form_error
from whahook_app.components.text import t
from whahook_app.states.changing import EMOJIS
from whahook_app.states.messages import Messages


def message_menu(row: Any) -> rx.Component:
    """Return the buttons beside a message that WhatsApp has; nothing for another one."""
    return rx.cond(
        (row.wa_id != "") & ~row.deleted,
        rx.el.span(
            rx.el.button(
                rx.icon("reply", size=15, aria_hidden=True),
                type="button",
                on_click=Messages.reply(row.id),
                aria_label=t("chats.reply"),
                class_name="wh-icon-button",
            ),
            rx.dropdown_menu.root(
                rx.dropdown_menu.trigger(
                    rx.el.button(
                        rx.icon("ellipsis", size=16, aria_hidden=True),
                        type="button",
                        aria_label=t("chats.menu"),
                        class_name="wh-icon-button",
                    )
                ),
                rx.dropdown_menu.content(_emojis(row), *_items(row), align="center", class_name="wh-bubble-menu"),
                modal=False,
            ),
            class_name="wh-bubble-buttons",
        ),
        rx.fragment(),
    )


def _emojis(row: Any) -> rx.Component:
    # Items may only stand in the menu itself: its grid (CSS) puts them in one row.
    return rx.fragment(
        *[
            rx.dropdown_menu.item(
                rx.el.span(emoji, aria_hidden="true"),
                on_select=Messages.react(row.id, emoji),
                aria_label=t(f"chats.react.{name}"),
                class_name="wh-emoji",
                custom_attrs={"data-mine": (row.mine == emoji).to_string()},
            )
            for emoji, name in EMOJIS.items()
        ],
        rx.cond(
            row.mine != "",
            rx.dropdown_menu.item(
                rx.icon("x", size=15, aria_hidden=True), t("chats.react.remove"), on_select=Messages.react(row.id, "")
            ),
            rx.fragment(),
        ),
        rx.dropdown_menu.separator(),
    )


def _items(row: Any) -> list[rx.Component]:
    return [
        rx.dropdown_menu.item(
            rx.icon("reply", size=15, aria_hidden=True), t("chats.reply"), on_select=Messages.reply(row.id)
        ),
        rx.cond(
            row.changeable,
            rx.dropdown_menu.item(
                rx.icon("pencil", size=15, aria_hidden=True), t("chats.edit"), on_select=Messages.ask_to_edit(row.id)
            ),
            rx.fragment(),
        ),
        rx.cond(
            row.deletable,
            rx.dropdown_menu.item(
                rx.icon("trash-2", size=15, aria_hidden=True),
                t("chats.delete"),
                on_select=Messages.ask_to_delete(row.id),
                class_name="wh-danger-item",
            ),
            rx.fragment(),
        ),
    ]


def message_dialogs() -> rx.Component:
    """Return the dialog for other words, and the question before a message is deleted for everyone."""
    return rx.fragment(
        question(
            opened=Messages.deleting != "",
            title=t("chats.delete.title"),
            body=t("chats.delete.body"),
            yes=t("chats.delete"),
            final=True,
            on_yes=Messages.delete_for_everyone,
            on_no=Messages.change_nothing,
        ),
        form_dialog(
            Messages.editing != "",
            t("chats.edit.title"),
            Messages.change_nothing,
            rx.form(
                text_area(
                    "edit-text",
                    t("chats.compose"),
                    error="edit-error",
                    name="text",
                    rows="4",
                    required=True,
                    max_length=65536,
                    default_value=Messages.edit_text,
                ),
                form_error(Messages.edit_error, "edit-error"),
                form_end(t("save")),
                on_submit=Messages.edit,
                class_name="wh-form",
            ),
            body=t("chats.edit.body"),
            small=True,
        ),
    )
