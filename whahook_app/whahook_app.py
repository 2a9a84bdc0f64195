"""The app: its pages, the API beside them on the same port, and what lives as long as the server."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import reflex as rx

from session_core.settings import get_settings
from whahook_app.api.app import create_api
from whahook_app.api.security import SecurityHeaders
from whahook_app.api.socket import socket_relay
from whahook_app.auth.redirects import SIGN_IN, SIGN_UP
from whahook_app.components.text import t
from whahook_app.live import watches
from whahook_app.pages import alerts, api_keys, connections, jobs, messages, opt_outs, other, sending, sign, webhooks
from whahook_app.runtime import get_core, open_runtime
from whahook_app.states.alerts import Alerts
from whahook_app.states.api_keys import ApiKeys
from whahook_app.states.base import Base
from whahook_app.states.connections import Connections
from whahook_app.states.jobs import Jobs
from whahook_app.states.messages import Messages
from whahook_app.states.opt_outs import OptOuts
from whahook_app.states.ownership import TabOwnership
from whahook_app.states.sending import Sending
from whahook_app.states.sign import Sign
from whahook_app.states.webhooks import Webhooks

api = create_api(get_core, get_settings())

app = rx.App(
    stylesheets=["/whahook.css", "/chats.css", "/media.css", "/messages.css", "/sending.css"],
    head_components=[
        rx.el.link(rel="icon", href="/favicon.ico", sizes="32x32"),
        rx.el.link(rel="icon", href="/logo.svg", type="image/svg+xml"),
        rx.el.script(src="/whahook.js", defer=True),
        rx.el.script(src="/media.js", defer=True),
        rx.el.script(src="/messages.js", defer=True),
        rx.el.script(src="/arrive.js", defer=True),
        rx.el.script(src="/unsaved.js", defer=True),
        rx.el.script(src="/once.js", defer=True),
    ],
    html_lang="es",
    # Reflex's own message about a lost server is in English only; `layout.offline_banner` says it instead.
    extra_app_wraps={(5, "Overlay"): lambda _stateful: rx.fragment()},
    api_transformer=[api, SecurityHeaders],
)

app.add_middleware(TabOwnership(), index=0)


@asynccontextmanager
async def runtime() -> AsyncIterator[None]:
    """Open the core and the relay to Socket.IO for as long as the server runs."""
    watches.know_tabs_by(lambda: app.event_namespace.token_to_sid)
    async with open_runtime(), socket_relay(api):
        yield


app.register_lifespan_task(runtime)

app.add_page(other.home, route="/", title="WhaHook", on_load=Base.enter_home)
app.add_page(other.not_found, route="/404", title=t("not_found.title"))
app.add_page(sign.sign_in, route=SIGN_IN, title=t("sign_in.title"), on_load=[Base.enter_as_guest, Sign.read_address])
app.add_page(sign.sign_up, route=SIGN_UP, title=t("sign_up.title"), on_load=[Base.enter_as_guest, Sign.read_address])
app.add_page(
    connections.connections,
    route=connections.PATH,
    title=t("connections.title"),
    on_load=[Base.enter, Connections.watch],
)
app.add_page(messages.messages, route=messages.PATH, title=t("messages.title"), on_load=[Base.enter, Messages.watch])
app.add_page(api_keys.api_keys, route=api_keys.PATH, title=t("keys.title"), on_load=[Base.enter, ApiKeys.load])
app.add_page(alerts.alerts, route=alerts.PATH, title=t("alerts.title"), on_load=[Base.enter, Alerts.load])
app.add_page(sending.sending, route=sending.PATH, title=t("sending.title"), on_load=[Base.enter, Sending.watch])
app.add_page(
    opt_outs.opt_outs,
    route=opt_outs.PATH,
    title=t("opt_outs.title"),
    on_load=[Base.enter, OptOuts.load, OptOuts.watch],
)
app.add_page(
    webhooks.webhooks,
    route=webhooks.PATH,
    title=t("webhooks.title"),
    on_load=[Base.enter, Webhooks.load, Webhooks.watch],
)
app.add_page(jobs.jobs, route=jobs.PATH, title=t("jobs.title"), on_load=[Base.enter, Jobs.load, Jobs.watch])
