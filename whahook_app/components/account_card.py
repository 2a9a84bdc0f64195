"""The card of an account: who, which state, since when, what to do."""

from __future__ import annotations

from typing import Any

import reflex as rx

from whahook_app.components.details import details
from whahook_app.components.elements import Countdown, time
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
    return rx.dropdown_menu.root(
        rx.dropdown_menu.trigger(
            rx.el.button(
                rx.icon("ellipsis", size=18, aria_hidden=True),
                type="button",
                aria_label=t_name("card.menu", card.name),
                class_name="wh-icon-button",
            )
        ),
        rx.dropdown_menu.content(
            rx.cond(
                card.running,
                rx.fragment(_item("rotate-cw", "action.restart", Connections.ask("restart", card.id))),
                rx.fragment(_item("plug", "action.connect", Connections.connect(card.id))),
            ),
            rx.cond(
                card.linkable,
                rx.fragment(_item("binary", "action.pairing_code", Connections.connect_by_code(card.id))),
            ),
            rx.cond(
                card.running,
                rx.fragment(
                    _item("unplug", "action.disconnect", Connections.ask("disconnect", card.id)),
                    _item("octagon-x", "action.force_stop", Connections.ask("force_stop", card.id)),
                ),
            ),
            rx.cond(
                card.running & Connections.several_hosts,
                rx.fragment(_item("arrow-right-left", "action.move", Connections.ask_move(card.id))),
            ),
            rx.cond(
                card.number != "",
                rx.fragment(_item("link-2-off", "action.unlink", Connections.ask("unlink", card.id))),
            ),
            _item("gauge", "action.sending", rx.redirect("/settings/sending?account=" + card.id)),
            _item("pencil", "action.rename", Connections.ask_name(card.id)),
            rx.dropdown_menu.separator(),
            _item("trash-2", "action.delete", Connections.ask("delete", card.id), class_name="wh-danger-item"),
            align="end",
        ),
        # A modal menu hides the page from screen readers while parts of it can still be focused.
        modal=False,
    )


def _item(icon: str, key: str, on_select: Any, **props: Any) -> rx.Component:
    return rx.dropdown_menu.item(rx.icon(icon, size=15, aria_hidden=True), t(key), on_select=on_select, **props)


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
