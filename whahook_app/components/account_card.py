"""The card of an account: who, which state, since when, what to do."""

from __future__ import annotations

from typing import Any

import reflex as rx

from whahook_app.components.details import details
from whahook_app.components.elements import Countdown, time
from whahook_app.components.menus import dots_menu, menu_item
from whahook_app.components.parts import badge
from whahook_app.components.text import t, t_name
from whahook_app.components.uptime import uptime_bar
from whahook_app.states.base import Base
from whahook_app.states.connections import Connections


def account_card(card: Any) -> rx.Component:
    """Return the card of one account."""
    opened = Connections.opened == card.id
    return rx.el.li(
        rx.el.div(_who(card), _state(card), _uptime(card), _actions(card, opened), class_name="wh-row"),
        _notice(card),
        rx.cond(opened, details(card), rx.fragment()),
        key=card.id,
        id=f"account-{card.id}",
        tab_index=-1,
        class_name="wh-card wh-account",
        custom_attrs={"data-account": card.id, "data-phase": card.phase},
    )


def _who(card: Any) -> rx.Component:
    return rx.el.div(
        rx.el.span(card.initials, class_name="wh-avatar", aria_hidden=True),
        rx.el.div(
            rx.el.h2(
                rx.el.span(card.name, class_name="wh-ellipsis"),
                rx.cond(card.sandbox, rx.el.span(t("card.sandbox"), class_name="wh-tag"), rx.fragment()),
            ),
            rx.el.p(rx.cond(card.number != "", card.number, t("card.no_number")), class_name="wh-number"),
            class_name="wh-min",
        ),
        class_name="wh-who-cell",
    )


def _state(card: Any) -> rx.Component:
    retrying = rx.el.span(
        rx.cond(card.attempt != "", rx.el.span(card.attempt, ", "), rx.fragment()),
        Countdown.create(seconds=card.retry_seconds, template=t("card.retry_in"), over="…"),
    )
    return rx.el.div(
        badge(card.tone, card.icon, card.word, role="status"),
        rx.el.p(
            rx.cond(
                card.retry_seconds >= 0,
                retrying,
                rx.el.span(t("card.since"), " ", time(card.since, "since", Base.lang)),
            ),
            class_name="wh-faint",
        ),
        class_name="wh-state-cell",
    )


def _uptime(card: Any) -> rx.Component:
    return uptime_bar(card.bar, card.bar_percent, card.bar_label, "24h", class_name="wh-bar-cell")


def _actions(card: Any, opened: Any) -> rx.Component:
    return rx.el.div(
        rx.el.button(
            rx.el.span(t("card.details")),
            rx.icon("chevron-down", size=15, aria_hidden=True, class_name="wh-chevron"),
            type="button",
            on_click=Connections.toggle(card.id),
            aria_expanded=opened,
            class_name="wh-button wh-quiet",
        ),
        _menu(card),
        class_name="wh-actions-cell",
    )


def _menu(card: Any) -> rx.Component:
    return dots_menu(
        t_name("card.menu", card.name),
        rx.cond(
            card.running,
            rx.fragment(menu_item("rotate-cw", t("action.restart"), Connections.ask("restart", card.id))),
            rx.fragment(menu_item("plug", t("action.connect"), Connections.connect(card.id))),
        ),
        rx.cond(
            card.linkable,
            rx.fragment(menu_item("binary", t("action.pairing_code"), Connections.connect_by_code(card.id))),
        ),
        rx.cond(
            card.running,
            rx.fragment(
                menu_item("unplug", t("action.disconnect"), Connections.ask("disconnect", card.id)),
                menu_item("octagon-x", t("action.force_stop"), Connections.ask("force_stop", card.id)),
            ),
        ),
        rx.cond(
            card.running & Connections.several_hosts,
            rx.fragment(menu_item("arrow-right-left", t("action.move"), Connections.ask_move(card.id))),
        ),
        rx.cond(
            card.number != "",
            rx.fragment(menu_item("link-2-off", t("action.unlink"), Connections.ask("unlink", card.id))),
        ),
        menu_item("gauge", t("action.sending"), rx.redirect("/settings/sending?account=" + card.id)),
        menu_item("pencil", t("action.rename"), Connections.ask_name(card.id)),
        rx.dropdown_menu.separator(),
        menu_item("trash-2", t("action.delete"), Connections.ask("delete", card.id), class_name="wh-danger-item"),
    )


def _notice(card: Any) -> rx.Component:
    """Say why and what now, with the button that does it; nothing while all is well."""
    button = rx.el.button(
        card.action_label,
        type="button",
        on_click=rx.cond(card.action == "show", Connections.show(card.id), Connections.connect(card.id)),
        class_name="wh-button wh-ghost",
    )
    return rx.cond(
        (card.problem != "") | (card.next_step != ""),
        rx.el.div(
            rx.el.p(
                rx.cond(card.problem != "", rx.el.strong(card.problem, " "), rx.fragment()),
                card.next_step,
                role="status",
            ),
            rx.cond(card.action != "", button, rx.fragment()),
            class_name="wh-notice",
        ),
        rx.fragment(),
    )
