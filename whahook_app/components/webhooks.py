"""An endpoint in the list, and the deliveries below it."""

from __future__ import annotations

from typing import Any

import reflex as rx

from session_core.domain.webhooks import EVENT_TYPES, TEST, DeliveryStatus, Problem
from whahook_app.components.dialogs import REFOCUS, close_corner
from whahook_app.components.elements import time
from whahook_app.components.lines import line, lines
from whahook_app.components.menus import dots_menu, menu_item
from whahook_app.components.parts import badge, some
from whahook_app.components.text import t, t_name
from whahook_app.states.base import Base
from whahook_app.states.webhooks import Webhooks

_STATES = {
    "on": ("ok", "check"),
    "failing": ("wait", "refresh"),
    "off_owner": ("idle", "pause"),
    "off_failing": ("bad", "alert"),
    "off_gone": ("bad", "alert"),
}

_STATUSES = {
    DeliveryStatus.PENDING: ("wait", "clock"),
    DeliveryStatus.DELIVERED: ("ok", "check"),
    DeliveryStatus.DEAD: ("bad", "alert"),
    DeliveryStatus.SKIPPED: ("idle", "pause"),
}


def hook(row: Any) -> rx.Component:
    """Return the card of an endpoint."""
    return rx.el.li(
        rx.el.div(
            rx.el.div(
                rx.el.h2(row.name),
                rx.el.code(row.url, class_name="wh-hook-url"),
                class_name="wh-min",
            ),
            rx.el.div(_state(row), _since(row), class_name="wh-min wh-state-cell"),
            _actions(row),
            class_name="wh-hook-row",
        ),
        _what_to_do(row),
        rx.cond(Webhooks.opened == row.id, deliveries(row), rx.fragment()),
        key=row.id,
        class_name="wh-card",
        custom_attrs={"data-hook": row.id},
    )


def _state(row: Any) -> rx.Component:
    options = [
        (name, badge(tone, icon, t(f"webhooks.state.{name}"), role="status")) for name, (tone, icon) in _STATES.items()
    ]
    return rx.match(row.state, *options, rx.fragment())


def _since(row: Any) -> rx.Component:
    return rx.el.div(
        rx.cond(row.since != "", rx.el.p(t("webhooks.since"), " ", time(row.since, "ago", Base.lang))),
        rx.cond(
            (row.since == "") & (row.success != ""),
            rx.el.p(t("webhooks.last"), " ", time(row.success, "ago", Base.lang)),
        ),
        rx.cond(row.pending > 0, rx.el.p(row.pending, " ", t("webhooks.waiting"))),
        rx.el.p(
            rx.cond(row.events == "", t("webhooks.every_event"), row.events),
            " · ",
            rx.cond(row.accounts == "", t("webhooks.every_account"), row.accounts),
        ),
        rx.cond(
            row.old_secret_until != "",
            rx.el.p(t("webhooks.two_secrets"), " ", time(row.old_secret_until, "moment", Base.lang)),
        ),
        class_name="wh-faint",
    )


def _what_to_do(row: Any) -> rx.Component:
    """Return the line that says what happens now and what to do, where there is something to do."""
    said = [
        (
            name,
            rx.el.div(
                rx.el.p(t(f"webhooks.next.{name}")),
                rx.cond(
                    row.enabled,
                    rx.fragment(),
                    rx.el.button(
                        t("webhooks.enable"),
                        type="button",
                        on_click=Webhooks.ask_enable(row.id),
                        class_name="wh-button wh-ghost",
                    ),
                ),
                class_name="wh-notice",
            ),
        )
        for name in _STATES
        if name != "on"
    ]
    return rx.match(row.state, *said, rx.fragment())


def _actions(row: Any) -> rx.Component:
    testing = Webhooks.testing == row.id
    return rx.el.div(
        rx.el.button(
            rx.cond(
                testing,
                rx.icon("loader-circle", size=15, aria_hidden=True, class_name="wh-icon-loader"),
                rx.icon("send", size=15, aria_hidden=True),
            ),
            rx.cond(testing, t("webhooks.testing"), t("webhooks.test")),
            type="button",
            on_click=Webhooks.try_out(row.id),
            disabled=Webhooks.testing != "",
            aria_label=t_name("webhooks.test_named", row.name),
            class_name="wh-button wh-ghost",
        ),
        rx.el.button(
            t("webhooks.deliveries"),
            rx.icon("chevron-down", size=16, aria_hidden=True, class_name="wh-chevron"),
            type="button",
            on_click=Webhooks.open_deliveries(row.id),
            aria_expanded=Webhooks.opened == row.id,
            aria_label=t_name("webhooks.deliveries_named", row.name),
            class_name="wh-button wh-quiet",
        ),
        _menu(row),
        class_name="wh-hook-actions",
    )


def _menu(row: Any) -> rx.Component:
    return dots_menu(
        t_name("card.menu", row.name),
        menu_item("pencil", t("webhooks.change"), Webhooks.open_change(row.id)),
        menu_item("key-round", t("webhooks.rotate"), Webhooks.ask("rotate", row.id)),
        rx.cond(
            row.enabled,
            rx.fragment(menu_item("circle-pause", t("webhooks.disable"), Webhooks.ask("disable", row.id))),
            rx.fragment(menu_item("circle-play", t("webhooks.enable"), Webhooks.ask_enable(row.id))),
        ),
        rx.dropdown_menu.separator(),
        menu_item("trash-2", t("webhooks.delete"), Webhooks.ask("delete", row.id), class_name="wh-danger-item"),
    )


def deliveries(row: Any) -> rx.Component:
    """Return the list of deliveries with its filters."""
    return rx.el.section(
        rx.el.div(
            _select(
                "status", Webhooks.by_status, "webhooks.any_status", [(s, t(f"webhooks.status.{s}")) for s in _STATUSES]
            ),
            _select("type", Webhooks.by_type, "webhooks.any_type", [(name, name) for name in (*EVENT_TYPES, TEST)]),
            _by_account(),
            rx.el.button(
                rx.icon("refresh-cw", size=15, aria_hidden=True),
                t("webhooks.refresh"),
                type="button",
                on_click=Webhooks.look_again,
                class_name="wh-button wh-ghost",
            ),
            rx.cond(
                row.enabled,
                rx.el.button(
                    rx.icon("history", size=15, aria_hidden=True),
                    t("webhooks.replay"),
                    type="button",
                    on_click=Webhooks.ask_replay,
                    class_name="wh-button wh-ghost",
                ),
                rx.fragment(),
            ),
            class_name="wh-filters",
        ),
        rx.cond(
            some(Webhooks.deliveries),
            lines(Webhooks.deliveries, _delivery),
            rx.el.p(t("webhooks.no_deliveries"), class_name="wh-faint"),
        ),
        rx.cond(
            Webhooks.more,
            rx.el.button(
                t("webhooks.more"), type="button", on_click=Webhooks.show_more, class_name="wh-button wh-quiet wh-flush"
            ),
            rx.fragment(),
        ),
        aria_label=t("webhooks.deliveries"),
        class_name="wh-hook-deliveries",
    )


def _select(what: str, value: Any, everything: str, options: list[tuple[str, Any]]) -> rx.Component:
    return rx.el.select(
        rx.el.option(t(everything), value=""),
        *[rx.el.option(label, value=str(name)) for name, label in options],
        value=value,
        on_change=lambda chosen: Webhooks.filter_by(what, chosen),
        aria_label=t(f"webhooks.by_{what}"),
        class_name="wh-input wh-select",
    )


def _by_account() -> rx.Component:
    return rx.el.select(
        rx.el.option(t("webhooks.any_account"), value=""),
        rx.foreach(Webhooks.shown_accounts, lambda each: rx.el.option(each.label, value=each.value)),
        value=Webhooks.by_account,
        on_change=lambda chosen: Webhooks.filter_by("account", chosen),
        aria_label=t("webhooks.by_account"),
        class_name="wh-input wh-select",
    )


def status(row: Any) -> rx.Component:
    """Return what became of a delivery, as a badge."""
    options = [
        (name.value, badge(tone, icon, t(f"webhooks.status.{name.value}"))) for name, (tone, icon) in _STATUSES.items()
    ]
    return rx.match(row.status, *options, rx.fragment())


def problem(row: Any) -> rx.Component:
    """Return why a try did not work, with the status that was answered."""
    options = [
        (each.value, rx.el.span(t(f"webhooks.problem.{each.value}"))) for each in Problem if each is not Problem.NONE
    ]
    return rx.fragment(
        rx.match(row.problem, *options, rx.fragment()),
        rx.cond(row.code != "", rx.el.span(" ", row.code), rx.fragment()),
    )


def _delivery(row: Any) -> rx.Component:
    name = f"delivery-{row.id}"
    return line(
        [
            rx.el.strong(row.type),
            rx.cond(row.replay, rx.el.span(t("webhooks.again"), class_name="wh-tag")),
            rx.el.p(
                time(row.at, "moment", Base.lang),
                rx.cond(row.account != "", " · " + row.account, ""),
                class_name="wh-faint",
            ),
        ],
        [
            status(row),
            rx.el.p(
                problem(row),
                rx.cond(row.tries > 1, rx.el.span(" · ", row.tries, " ", t("webhooks.tries")), rx.fragment()),
                class_name="wh-faint",
            ),
            rx.cond(
                row.next_try != "",
                rx.el.p(t("webhooks.next_try"), " ", time(row.next_try, "moment", Base.lang), class_name="wh-faint"),
            ),
        ],
        rx.el.button(
            t("webhooks.look"),
            type="button",
            on_click=Webhooks.look_into(row.id),
            aria_describedby=name,
            class_name="wh-button wh-quiet",
        ),
        name=name,
        key=row.id,
        custom_attrs={"data-delivery": row.id},
    )


def one_delivery() -> rx.Component:
    """Return the dialog of one delivery: its tries, what was answered, and what one can do."""
    row = Webhooks.looking_at
    return rx.dialog.root(
        rx.dialog.content(
            close_corner(),
            rx.dialog.title(row.type, class_name="wh-dialog-title"),
            rx.el.div(status(row), class_name="wh-delivery-status"),
            rx.el.dl(
                _fact("webhooks.event_id", row.event_id),
                rx.cond(row.cursor != "", _fact("webhooks.cursor", row.cursor), rx.fragment()),
                rx.cond(row.account != "", _fact("webhooks.account", row.account), rx.fragment()),
                class_name="wh-facts",
            ),
            rx.cond(
                some(Webhooks.attempts),
                rx.el.ol(
                    rx.foreach(Webhooks.attempts, _attempt),
                    class_name="wh-attempts",
                    aria_label=t("webhooks.all_tries"),
                ),
                rx.el.p(t("webhooks.not_tried"), class_name="wh-faint"),
            ),
            rx.el.div(
                rx.cond(
                    row.waits,
                    rx.el.button(
                        t("webhooks.give_up"),
                        type="button",
                        on_click=Webhooks.give_up(row.id),
                        class_name="wh-button wh-ghost",
                    ),
                    rx.fragment(),
                ),
                rx.el.button(
                    rx.cond(row.waits, t("webhooks.try_now"), t("webhooks.send_again")),
                    type="button",
                    on_click=Webhooks.send_again(row.id),
                    class_name="wh-button wh-primary",
                ),
                class_name="wh-dialog-actions",
            ),
            class_name="wh-dialog",
            aria_describedby=None,
            on_close_auto_focus=REFOCUS,
        ),
        open=Webhooks.looking,
        on_open_change=lambda _opened: Webhooks.close_look,
    )


def _fact(key: str, value: Any) -> rx.Component:
    return rx.el.div(rx.el.dt(t(key)), rx.el.dd(value))


def _attempt(row: Any) -> rx.Component:
    return rx.el.li(
        rx.el.p(
            rx.el.strong(time(row.at, "moment", Base.lang)),
            " · ",
            rx.cond(row.problem == "", rx.fragment(t("webhooks.took_it"), " ", row.code), problem(row)),
            " · ",
            row.duration,
        ),
        rx.cond(row.response != "", rx.el.pre(row.response, tab_index=0), rx.fragment()),
    )
