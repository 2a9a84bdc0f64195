"""Menus and dialogs about stored messages: taking them along, erasing a person, keeping them for a time only."""

from __future__ import annotations

from typing import Any

import reflex as rx

from whahook_app.components.dialogs import REFOCUS, close_corner, question
from whahook_app.components.elements import NativeLink
from whahook_app.components.text import t, t_name
from whahook_app.states.history import DAYS
from whahook_app.states.messages import Messages


def account_menu() -> rx.Component:
    """Return what one can do with all messages of the account."""
    address = "/api/v1/accounts/" + Messages.account + "/export"
    return _menu(
        t("history.menu"),
        _download(t("history.export_csv"), address + "?format=csv"),
        _download(t("history.export_json"), address + "?format=json"),
        rx.dropdown_menu.separator(),
        rx.dropdown_menu.item(
            rx.icon("calendar-clock", size=15, aria_hidden=True), t("history.keep"), on_select=Messages.ask_to_keep
        ),
        rx.dropdown_menu.item(
            rx.icon("image-down", size=15, aria_hidden=True), t("media.auto"), on_select=Messages.ask_for_media
        ),
    )


def chat_menu() -> rx.Component:
    """Return what one can do with the open conversation."""
    address = "/api/v1/accounts/" + Messages.account + "/export?chat=" + Messages.chat
    return _menu(
        t("history.chat_menu"),
        _download(t("history.export_csv"), address + "&format=csv"),
        _download(t("history.export_json"), address + "&format=json"),
        rx.cond(
            Messages.group,
            rx.fragment(),
            rx.fragment(
                rx.dropdown_menu.separator(),
                rx.dropdown_menu.item(
                    rx.icon("trash-2", size=15, aria_hidden=True),
                    t("history.erase"),
                    on_select=Messages.ask_to_erase,
                    class_name="wh-danger-item",
                ),
            ),
        ),
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
        rx.dialog.root(
            rx.dialog.content(
                rx.dialog.title(t("history.keep.title"), class_name="wh-dialog-title"),
                rx.dialog.description(t("history.keep.body"), class_name="wh-soft"),
                rx.form(
                    rx.el.label(t("history.keep.label"), html_for="keep-days"),
                    rx.el.select(
                        *[rx.el.option(t(f"history.days.{days or 'always'}"), value=days) for days in DAYS],
                        id="keep-days",
                        name="days",
                        default_value=Messages.keep_days,
                        class_name="wh-input",
                    ),
                    rx.el.div(
                        rx.dialog.close(rx.el.button(t("cancel"), type="button", class_name="wh-button wh-ghost")),
                        rx.el.button(t("history.keep.yes"), type="submit", class_name="wh-button wh-primary"),
                        class_name="wh-dialog-actions",
                    ),
                    on_submit=Messages.keep,
                    class_name="wh-form",
                ),
                close_corner(),
                class_name="wh-dialog wh-dialog-small",
                on_close_auto_focus=REFOCUS,
            ),
            open=Messages.asks_to_keep,
            on_open_change=Messages.ask_nothing,
        ),
    )


def _menu(label: Any, *items: rx.Component) -> rx.Component:
    return rx.dropdown_menu.root(
        rx.dropdown_menu.trigger(
            rx.el.button(
                rx.icon("ellipsis-vertical", size=18, aria_hidden=True),
                type="button",
                aria_label=label,
                class_name="wh-icon-button",
            )
        ),
        rx.dropdown_menu.content(*items, align="end"),
        modal=False,
    )


def _download(label: Any, address: Any) -> rx.Component:
    icon = rx.icon("download", size=15, aria_hidden=True)
    link = NativeLink.create(icon, label, href=address, custom_attrs={"download": ""})
    return rx.dropdown_menu.item(link, as_child=True)
