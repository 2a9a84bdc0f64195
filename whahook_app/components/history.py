"""Menus and dialogs about stored messages: taking them along, erasing a person, keeping them for a time only."""

from __future__ import annotations

from typing import Any

import reflex as rx

from whahook_app.components.dialogs import form_dialog, form_end, question
from whahook_app.components.elements import NativeLink
from whahook_app.components.fields import keep_days
from whahook_app.components.menus import dots_menu, menu_item
from whahook_app.components.text import t, t_name
from whahook_app.states.messages import Messages


def account_menu() -> rx.Component:
    """Return what one can do with all messages of the account."""
    address = "/api/v1/accounts/" + Messages.account + "/export"
    return dots_menu(
        t("history.menu"),
        _download(t("history.export_csv"), address + "?format=csv"),
        _download(t("history.export_json"), address + "?format=json"),
        rx.dropdown_menu.separator(),
        menu_item("calendar-clock", t("history.keep"), Messages.ask_to_keep),
        menu_item("image-down", t("media.auto"), Messages.ask_for_media),
        menu_item(
            "check-check",
            rx.cond(Messages.read_marks == "off", t("chats.marks.on"), t("chats.marks.off")),
            Messages.switch_read_marks,
        ),
        icon="ellipsis-vertical",
    )


def chat_menu() -> rx.Component:
    """Return what one can do with the open conversation."""
    address = "/api/v1/accounts/" + Messages.account + "/export?chat=" + Messages.chat
    return dots_menu(
        t("history.chat_menu"),
        _download(t("history.export_csv"), address + "&format=csv"),
        _download(t("history.export_json"), address + "&format=json"),
        rx.cond(
            Messages.group,
            rx.fragment(),
            rx.fragment(
                rx.dropdown_menu.separator(),
                menu_item("trash-2", t("history.erase"), Messages.ask_to_erase, class_name="wh-danger-item"),
            ),
        ),
        icon="ellipsis-vertical",
    )


def history_dialogs() -> rx.Component:
    """Return the question before erasing, and the choice of how long messages are kept."""
    return rx.fragment(
        question(
            opened=Messages.asks_to_erase,
            title=t_name("history.erase.title", Messages.title),
            body=t("history.erase.body"),
            yes=t("history.erase.yes"),
            final=True,
            on_yes=Messages.erase,
            on_no=Messages.ask_nothing,
        ),
        form_dialog(
            Messages.asks_to_keep,
            t("history.keep.title"),
            Messages.ask_nothing,
            rx.form(
                keep_days("keep-days", "days", Messages.keep_days),
                form_end(t("history.keep.yes")),
                on_submit=Messages.keep,
                class_name="wh-form",
            ),
            body=t("history.keep.body"),
            small=True,
        ),
    )


def _download(label: Any, address: Any) -> rx.Component:
    icon = rx.icon("download", size=15, aria_hidden=True)
    link = NativeLink.create(icon, label, href=address, custom_attrs={"download": ""})
    return rx.dropdown_menu.item(link, as_child=True)
