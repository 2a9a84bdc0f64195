"""``/settings/connections``: the viewer's accounts."""

from __future__ import annotations

import reflex as rx

from session_core.domain.status import AccountKind
from whahook_app.components.account_card import account_card
from whahook_app.components.alerts import alert_list
from whahook_app.components.connect_dialog import connect_dialog
from whahook_app.components.dialogs import one_field, question
from whahook_app.components.move_dialog import move_dialog
from whahook_app.components.parts import callout, heading, load_problem, skeleton, some
from whahook_app.components.text import t
from whahook_app.layout import page
from whahook_app.states.connections import Connections

PATH = "/settings/connections"


def connections() -> rx.Component:
    """Return the page."""
    return page(
        heading(
            t("connections.title"),
            rx.el.p(Connections.capacity, class_name="wh-soft", id="capacity"),
            rx.el.button(
                t("connections.connect"),
                type="button",
                on_click=Connections.open_new(AccountKind.LIVE.value),
                class_name="wh-button wh-primary",
                id="connect",
            ),
        ),
        load_problem(Connections.broken),
        rx.cond(
            Connections.no_host,
            callout("wait", "server-off", t("banner.no_host.title"), t("banner.no_host.body"), role="status"),
            rx.fragment(),
        ),
        alert_list(Connections.alerts),
        rx.cond(
            Connections.loaded,
            rx.cond(
                some(Connections.cards),
                rx.el.ul(rx.foreach(Connections.cards, account_card), class_name="wh-list"),
                rx.cond(Connections.broken, rx.fragment(), _empty()),
            ),
            skeleton(),
        ),
        connect_dialog(),
        _question(),
        _rename(),
        move_dialog(),
        current=PATH,
    )


def _empty() -> rx.Component:
    return rx.el.section(
        rx.el.h2(t("empty.title")),
        rx.el.p(t("empty.body"), class_name="wh-soft"),
        rx.el.ol(
            *[
                rx.el.li(
                    rx.el.span(rx.icon(icon, size=22, aria_hidden=True), class_name="wh-empty-icon"),
                    rx.el.h3(t(f"empty.step{number}.title")),
                    rx.el.p(t(f"empty.step{number}.body"), class_name="wh-soft"),
                )
                for number, icon in enumerate(("tag", "scan-qr-code", "messages-square"), start=1)
            ],
            class_name="wh-three",
        ),
        rx.el.div(
            rx.el.button(
                t("connections.connect"),
                type="button",
                on_click=Connections.open_new(AccountKind.LIVE.value),
                class_name="wh-button wh-primary",
            ),
            rx.cond(
                Connections.sandbox_offered,
                rx.el.button(
                    rx.icon("flask-conical", size=15, aria_hidden=True),
                    t("empty.sandbox"),
                    type="button",
                    on_click=Connections.open_new(AccountKind.SANDBOX.value),
                    class_name="wh-button wh-ghost",
                ),
                rx.fragment(),
            ),
            class_name="wh-empty-actions",
        ),
        class_name="wh-card wh-empty",
    )


def _question() -> rx.Component:
    asked = Connections.question
    return question(
        opened=asked.kind != "",
        title=asked.title,
        body=asked.body,
        yes=asked.yes,
        final=asked.final,
        on_yes=Connections.answer_yes,
        on_no=Connections.answer_no,
    )


def _rename() -> rx.Component:
    return one_field(
        opened=Connections.renaming,
        title=t("rename.title"),
        label=t("connect.name"),
        value=Connections.rename_name,
        error=Connections.rename_error,
        on_submit=Connections.rename,
        on_close=Connections.close_rename,
        name="name",
    )
