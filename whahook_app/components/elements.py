"""Elements that Reflex does not have: a form that the browser itself sends, and the page's own custom elements.

The custom elements (``assets/whahook.js``) show time: only the browser knows its clock, and nothing has to travel for
a second to pass. Their names are aliases: Reflex makes JavaScript names out of tags, and those have no dash.
"""

from __future__ import annotations

from typing import Any

import reflex as rx
from reflex_components_core.el.element import Element


class NativeForm(Element):
    """A form that the browser posts; `rx.form` always sends an event instead, and an event cannot set a cookie."""

    tag = "form"
    action: rx.Var[str]
    method: rx.Var[str]


class NativeLink(Element):
    """A link that the browser itself follows; Reflex's own ones know the pages only, not ``#content`` or ``/api``."""

    tag = "a"
    href: rx.Var[str]
    target: rx.Var[str]
    rel: rx.Var[str]


class Time(Element):
    """A moment: ``kind`` is "ago" (hace 5 minutos), "moment" (hoy 09:41), "clock" (09:41) or "short".

    The last is the day, and today the time.
    """

    tag = "WhTime"
    alias = "wh-time"
    datetime: rx.Var[str]
    kind: rx.Var[str]


class Countdown(Element):
    """Seconds that run down: ``template`` with ``{t}`` in it, ``over`` at the end."""

    tag = "WhCountdown"
    alias = "wh-countdown"
    seconds: rx.Var[float]
    template: rx.Var[str]
    over: rx.Var[str]


class Meter(Element):
    """A bar that runs from ``seconds`` of ``total`` down to nothing."""

    tag = "WhMeter"
    alias = "wh-meter"
    seconds: rx.Var[float]
    total: rx.Var[float]


class Day(Element):
    """The day of a message, above it; hidden where the one before is of the same day. Only the browser knows days."""

    tag = "WhDay"
    alias = "wh-day"
    datetime: rx.Var[str]


class Near(Element):
    """Presses the button inside as soon as it comes into view. ``count`` changes when it has something new to do."""

    tag = "WhNear"
    alias = "wh-near"
    count: rx.Var[str]


class Once(Element):
    """Shows what `show_once` sends to its id, until it is taken off the page: for secrets that no state may keep."""

    tag = "WhOnce"
    alias = "wh-once"


class Unsaved(Element):
    """In a form: shows what is in it while the form says something that is not stored, and asks before one leaves.

    ``saved`` changes when what was sent is stored; ``ask`` is the question.
    """

    tag = "WhUnsaved"
    alias = "wh-unsaved"
    saved: rx.Var[str]
    ask: rx.Var[str]


class Seen(Element):
    """Presses the button inside when ``unread`` is more than 0 and somebody looks at the page."""

    tag = "WhSeen"
    alias = "wh-seen"
    unread: rx.Var[str]
    chat: rx.Var[str]


class PageLanguage(Element):
    """Tells the document which language it is in; shows nothing."""

    tag = "WhLang"
    alias = "wh-lang"
    value: rx.Var[str]


def time(at: Any, kind: str, language: Any) -> rx.Component:
    """Show a moment. ``language`` makes it write itself anew when that changes."""
    return Time.create(datetime=at, kind=kind, lang=language, class_name="wh-num")


def visually_hidden(*children: Any, **props: Any) -> rx.Component:
    """Say something to screen readers only."""
    return rx.el.span(*children, class_name="wh-sr", **props)


def copy_button(value: Any, label: Any, done: Any, *, source: str = "", **props: Any) -> rx.Component:
    """Copy ``value`` in the browser, or what the element with the id ``source`` shows; the button says that it did."""
    return rx.el.button(
        rx.icon("copy", size=15, class_name="wh-copy-idle", aria_hidden=True),
        rx.icon("check", size=15, class_name="wh-copy-done", aria_hidden=True),
        rx.el.span(label, class_name="wh-copy-idle"),
        rx.el.span(done, class_name="wh-copy-done", role="status"),
        type="button",
        class_name="wh-button wh-ghost",
        custom_attrs={"data-copy-from": source} if source else {"data-copy": value},
        **props,
    )
