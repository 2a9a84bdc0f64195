"""A place, contact cards and a poll in a bubble."""

from __future__ import annotations

from typing import Any

import reflex as rx

from whahook_app.components.elements import NativeLink, visually_hidden
from whahook_app.components.parts import some
from whahook_app.components.text import t
from whahook_app.states.messages import Messages


def kind_box(row: Any) -> rx.Component:
    """Return what a `whahook_app.views.chats.Bubble` has of these; nothing for other messages."""
    return rx.fragment(
        rx.cond(row.place.link != "", _place(row.place), rx.fragment()),
        rx.cond(some(row.cards), rx.el.ul(rx.foreach(row.cards, _card), class_name="wh-cards"), rx.fragment()),
        rx.cond(row.poll.question != "", _poll(row.poll), rx.fragment()),
    )


def _place(place: Any) -> rx.Component:
    return rx.el.div(
        rx.icon("map-pin", size=20, aria_hidden=True),
        rx.el.div(
            rx.el.strong(rx.cond(place.name != "", place.name, t("chats.kind.location"))),
            rx.cond(place.address != "", rx.el.span(place.address), rx.fragment()),
            rx.el.span(place.coordinates, class_name="wh-faint wh-num"),
            NativeLink.create(
                t("chats.place.map"),
                visually_hidden(" ", t("chats.new_tab")),
                href=place.link,
                target="_blank",
                rel="noopener noreferrer",
            ),
            class_name="wh-media-words",
        ),
        class_name="wh-kind-card",
        custom_attrs={"data-kind": "location"},
    )


def _card(card: Any) -> rx.Component:
    return rx.el.li(
        rx.icon("contact-round", size=20, aria_hidden=True),
        rx.el.div(
            rx.el.strong(card.name),
            rx.cond(card.number != "", rx.el.span(card.number, class_name="wh-faint wh-num"), rx.fragment()),
            rx.cond(
                card.chat != "",
                rx.el.button(
                    t("chats.card.write"),
                    " ",
                    card.name,
                    type="button",
                    on_click=Messages.open_chat(card.chat),
                    class_name="wh-text-button",
                ),
                rx.fragment(),
            ),
            class_name="wh-media-words",
        ),
        class_name="wh-kind-card",
        custom_attrs={"data-kind": "contact"},
    )


def _poll(poll: Any) -> rx.Component:
    return rx.el.div(
        rx.el.strong(poll.question),
        rx.el.p(rx.icon("chart-bar-big", size=14, aria_hidden=True), poll.hint, class_name="wh-bubble-note"),
        rx.el.ul(rx.foreach(poll.options, _option)),
        rx.el.p(poll.votes, class_name="wh-faint"),
        class_name="wh-poll",
        custom_attrs={"data-kind": "poll"},
    )


def _votes(option: Any) -> rx.Var:
    return rx.cond(option.votes == "1", t("chats.poll.chose.one"), t("chats.poll.chose.many"))


def _option(option: Any) -> rx.Component:
    return rx.el.li(
        rx.el.span(
            rx.el.span(option.text),
            rx.el.span(option.votes, visually_hidden(" ", _votes(option)), class_name="wh-num"),
            class_name="wh-poll-words",
        ),
        rx.el.span(
            rx.el.span(style={"width": option.share}, class_name="wh-poll-share"),
            aria_hidden="true",
            class_name="wh-poll-bar",
        ),
        rx.cond(option.who != "", rx.el.span(option.who, class_name="wh-faint wh-poll-who"), rx.fragment()),
        custom_attrs={"data-option": option.text},
    )
