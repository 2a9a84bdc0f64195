"""The frame around every page: the sidebar (a drawer on a phone), language, theme and account."""

from __future__ import annotations

from typing import Any

import reflex as rx
from reflex_components_core.core.banner import has_too_many_connection_errors

from whahook_app.components.elements import NativeForm, NativeLink, PageLanguage
from whahook_app.components.parts import callout
from whahook_app.components.text import t
from whahook_app.states.base import Base

NAVIGATION = (
    ("/settings/connections", "smartphone", "nav.connections"),
    ("/messages", "message-square", "nav.messages"),
    ("/webhooks", "webhook", "nav.webhooks"),
    ("/api-keys", "key-round", "nav.api_keys"),
    ("/settings/sending", "gauge", "nav.sending"),
    ("/settings/alerts", "bell", "nav.alerts"),
)

BELOW = {"/settings/sending": ("/settings/opt-outs",)}
"""Pages that have no entry of their own: they belong to this one."""

FOR_OPERATORS = ("/settings/jobs", "server", "nav.jobs")
"""Comfort only: whoever opens the address without being one sees nothing there."""


def page(*content: rx.Component, current: str) -> rx.Component:
    """Return a whole page of the signed-in part; ``current`` is its path in the navigation."""
    return rx.fragment(
        NativeLink.create(t("skip"), href="#content", class_name="wh-skip"),
        PageLanguage.create(value=Base.lang),
        rx.el.div(
            rx.el.aside(brand(), _links(current), _docs(), class_name="wh-side"),
            rx.el.div(
                rx.el.header(
                    _drawer(current), brand(), _spacer(), language(), theme(), _account(), class_name="wh-top"
                ),
                rx.el.main(offline_banner(), *content, id="content", tab_index=-1, class_name="wh-main"),
                class_name="wh-body",
            ),
            class_name="wh-app",
        ),
        NativeForm.create(id="sign-out", action="/auth/sign-out", method="post", hidden=True),
    )


def plain(*content: rx.Component) -> rx.Component:
    """Return a page without navigation: signing in and up, and what does not exist."""
    return rx.fragment(
        PageLanguage.create(value=Base.lang),
        rx.el.div(
            rx.el.header(_spacer(), language(), theme(), class_name="wh-top"),
            rx.el.main(offline_banner(), *content, id="content", class_name="wh-plain"),
            class_name="wh-body",
        ),
    )


def brand() -> rx.Component:
    """Return the sign and the name."""
    return rx.link(
        rx.el.img(src="/logo.svg", alt="", width="24", height="24"),
        rx.el.span("WhaHook"),
        href="/settings/connections",
        underline="none",
        class_name="wh-brand",
        _hover={"color": "var(--wh-ink)"},
    )


def offline_banner() -> rx.Component:
    """Return the box that is there while the page has lost the server."""
    return rx.cond(
        has_too_many_connection_errors,
        callout("wait", "wifi-off", t("banner.offline.title"), t("banner.offline.body"), role="alert"),
        rx.fragment(),
    )


def language() -> rx.Component:
    """Return the button that changes the language."""
    return rx.el.button(
        rx.icon("languages", size=17, aria_hidden=True),
        rx.el.span(rx.cond(Base.lang == "en", "EN", "ES")),
        type="button",
        on_click=Base.choose_language(rx.cond(Base.lang == "en", "es", "en")),
        aria_label=t("menu.language"),
        class_name="wh-icon-button",
    )


def theme() -> rx.Component:
    """Return the button that changes between light and dark."""
    return rx.el.button(
        rx.color_mode_cond(rx.icon("moon", size=17), rx.icon("sun", size=17)),
        type="button",
        on_click=rx.toggle_color_mode,
        aria_label=t("menu.theme"),
        class_name="wh-icon-button",
    )


def _links(current: str, *, closes: bool = False) -> rx.Component:
    def link(entry: tuple[str, str, str]) -> rx.Component:
        path, icon, key = entry
        item = _link(path, icon, key, path == current or current in BELOW.get(path, ()))
        return rx.drawer.close(item) if closes else item

    return rx.el.nav(
        *[link(entry) for entry in NAVIGATION],
        rx.cond(Base.operator, link(FOR_OPERATORS), rx.fragment()),
        aria_label=t("nav.label"),
    )


def _link(path: str, icon: str, key: str, is_current: bool) -> rx.Component:
    props: dict[str, Any] = {"aria_current": "page"} if is_current else {}
    return rx.link(
        rx.icon(icon, size=17, aria_hidden=True),
        rx.el.span(t(key)),
        href=path,
        underline="none",
        class_name="wh-link",
        # Reflex gives every link a colour of its own under the pointer.
        _hover={"color": "var(--wh-ink)"},
        **props,
    )


def _docs() -> rx.Component:
    return NativeLink.create(
        rx.icon("book-open", size=17, aria_hidden=True),
        rx.el.span(t("nav.api_docs")),
        href="/api/docs",
        class_name="wh-link wh-docs",
    )


def _drawer(current: str) -> rx.Component:
    return rx.drawer.root(
        rx.drawer.trigger(
            rx.el.button(
                rx.icon("menu", size=20, aria_hidden=True),
                type="button",
                aria_label=t("nav.open"),
                class_name="wh-icon-button wh-menu-button",
            )
        ),
        rx.drawer.overlay(class_name="wh-veil"),
        rx.drawer.portal(
            rx.drawer.content(
                rx.drawer.title(t("nav.label"), class_name="wh-sr"),
                rx.el.div(
                    brand(),
                    rx.drawer.close(
                        rx.el.button(
                            rx.icon("x", size=20, aria_hidden=True),
                            type="button",
                            aria_label=t("nav.close"),
                            class_name="wh-icon-button",
                        )
                    ),
                    class_name="wh-drawer-head",
                ),
                _links(current, closes=True),
                _docs(),
                class_name="wh-side wh-drawer",
                aria_describedby=None,
            )
        ),
        direction="left",
    )


def _account() -> rx.Component:
    return rx.dropdown_menu.root(
        rx.dropdown_menu.trigger(
            rx.el.button(
                rx.icon("circle-user-round", size=19, aria_hidden=True),
                type="button",
                aria_label=t("menu.account"),
                class_name="wh-icon-button",
            )
        ),
        rx.dropdown_menu.content(
            rx.el.div(rx.el.strong(Base.viewer_name), rx.el.span(Base.viewer_email), class_name="wh-who"),
            rx.dropdown_menu.separator(),
            rx.dropdown_menu.item(
                rx.icon("log-out", size=15, aria_hidden=True), t("menu.sign_out"), on_select=Base.leave
            ),
            align="end",
        ),
        modal=False,
    )


def _spacer() -> rx.Component:
    return rx.el.div(class_name="wh-spacer")
