"""The page of the webhooks: endpoints made, changed, tried, switched on and off, and their secrets."""

from __future__ import annotations

import asyncio
import contextlib
import dataclasses
from typing import Any
from uuid import UUID

import reflex as rx
import structlog

from session_core.core import Core
from session_core.domain.webhooks import ALL, EVENT_TYPES, BodyFormat, DeliveryStatus, EndpointView
from session_core.errors import PolicyError, WhahookError
from session_core.services import accounts, webhooks
from session_core.services.health import OUTAGES
from session_core.services.principal import Principal
from session_core.services.webhooks import Wanted
from whahook_app.i18n import text
from whahook_app.live import Batch, Watch
from whahook_app.runtime import get_core
from whahook_app.states.base import Base
from whahook_app.states.deliveries import LOOK_SECONDS, LOOKS, Deliveries, outcome, read_deliveries
from whahook_app.states.guard import (
    as_uuid,
    error_text,
    field,
    guarded,
    guarded_in_background,
    language_of,
)
from whahook_app.states.once import show_once
from whahook_app.views.webhooks import Choice, DeliveryRow, HookRow, hook_row

log = structlog.get_logger(__name__)

NEW = "new-secret"
"""Where the page shows it."""

QUESTIONS = ("delete", "disable", "rotate")


@dataclasses.dataclass
class HookForm:
    """What the dialog of an endpoint begins with; without an ``id`` it makes a new one.

    ``headers`` has a line for each header, without its value: the browser never sees one again.
    """

    id: str = ""
    name: str = ""
    url: str = ""
    all_events: bool = True
    events: list[Choice] = dataclasses.field(default_factory=list)
    all_accounts: bool = True
    accounts: list[Choice] = dataclasses.field(default_factory=list)
    format: str = BodyFormat.WHAHOOK.value
    headers: str = ""


@dataclasses.dataclass
class HookQuestion:
    """What is asked before it is done: ``kind`` is one of `QUESTIONS`, or empty."""

    kind: str = ""
    id: str = ""
    name: str = ""


class Webhooks(Deliveries, Base):
    """The viewer's endpoints. A new secret goes to the browser once, never into the state; ``showing``: it is there."""

    hooks: list[HookRow] = []
    loaded: bool = False
    form: HookForm = HookForm()
    form_open: bool = False
    form_error: str = ""
    showing: bool = False
    asking: HookQuestion = HookQuestion()
    switching_on: str = ""
    testing: str = ""

    @rx.event
    @guarded
    async def load(self, viewer: Principal) -> None:
        """Show the endpoints."""
        self.showing = False
        self.form_error = self.switching_on = self.testing = ""
        self.form_open, self.form, self.asking = False, HookForm(), HookQuestion()
        self._close_everything()
        await self._read(viewer)

    @rx.event(background=True)
    async def watch(self) -> Any:
        """Keep the endpoints and the list that is open up to date, until the tab is closed or the login ends."""

        async def take_in(watch: Watch, batch: Batch) -> None:
            if batch:
                # What is told to us now reaches the programs in a moment.
                await asyncio.sleep(LOOK_SECONDS)
            try:
                await self._refresh(get_core(), watch.user_id)
            except OUTAGES:
                log.warning("webhooks_page_not_refreshed")

        return await self._follow(take_in)

    async def _refresh(self, core: Core, user_id: UUID) -> None:
        """Read what is shown anew; what is as it was costs nothing on the wire."""
        names = {each.account_id: each.name for each in await accounts.list_accounts(core, user_id)}
        hooks = [hook_row(each, names) for each in await webhooks.list_endpoints(core, user_id)]
        async with self:
            shown = self._shown()
        if shown.opened and shown.opened not in {hook.id for hook in hooks}:
            rows: list[DeliveryRow] = []
        else:
            rows = await read_deliveries(core, user_id, shown, names)
        async with self:
            if self.hooks != hooks:
                self.hooks = hooks
            self.loaded = True
            if shown.opened and self._shown() == shown:
                self._show_anew(rows, shown)

    @rx.event
    @guarded
    async def open_new(self, viewer: Principal) -> None:
        """Open the dialog for a new endpoint."""
        await self._open_form(viewer, None)

    @rx.event
    @guarded
    async def open_change(self, viewer: Principal, hook_id: str) -> None:
        """Open the dialog with what an endpoint is now."""
        await self._open_form(viewer, await self._hook(viewer, hook_id))

    @rx.event
    async def close_form(self) -> None:
        """Change nothing."""
        self.form_open, self.form_error = False, ""

    @rx.event
    @guarded
    async def save(self, viewer: Principal, form: dict[str, Any]) -> Any:
        """Make an endpoint and show its secret, or change the one that the dialog was opened for."""
        changing, wanted = self.form.id, _wanted(form)
        done: Any = None
        try:
            if changing:
                await webhooks.change(get_core(), viewer.user_id, as_uuid(changing, "webhook"), wanted)
                done = rx.toast.success(text(language_of(self), "webhooks.saved"))
            else:
                made = await webhooks.create(get_core(), viewer.user_id, wanted)
                self.showing, done = True, show_once(NEW, made.secret)
        except PolicyError as error:
            self.form_error = error_text(language_of(self), error)
            return None
        self.form_open, self.form_error = False, ""
        await self._read(viewer)
        return done

    @rx.event
    async def hide(self) -> None:
        """Close the dialog: the new secret is forgotten with it."""
        self.showing = False

    @rx.event
    @guarded
    async def ask(self, viewer: Principal, kind: str, hook_id: str) -> None:
        """Ask before something is done that cannot be taken back or stops events."""
        if kind in QUESTIONS:
            hook = await self._hook(viewer, hook_id)
            self.asking = HookQuestion(kind=kind, id=str(hook.id), name=hook.name)

    @rx.event
    async def keep(self) -> None:
        """Do nothing of what was asked."""
        self.asking, self.switching_on = HookQuestion(), ""

    @rx.event
    @guarded
    async def do_asked(self, viewer: Principal) -> Any:
        """Do what was asked about."""
        asked, self.asking = self.asking, HookQuestion()
        core, language, hook_id = get_core(), language_of(self), as_uuid(asked.id, "webhook")
        done: Any = None
        if asked.kind == "delete":
            await webhooks.delete(core, viewer.user_id, hook_id)
            if self.opened == asked.id:
                self._close_everything()
            done = rx.toast.success(text(language, "webhooks.deleted"))
        elif asked.kind == "disable":
            await webhooks.switch_off(core, viewer.user_id, hook_id)
        elif asked.kind == "rotate":
            rotated = await webhooks.rotate(core, viewer.user_id, hook_id)
            self.showing, done = True, show_once(NEW, rotated.secret)
        await self._read(viewer)
        return done

    @rx.event
    @guarded
    async def ask_enable(self, viewer: Principal, hook_id: str) -> None:
        """Ask whether an endpoint begins with what it missed."""
        self.switching_on = str((await self._hook(viewer, hook_id)).id)

    @rx.event
    @guarded
    async def enable(self, viewer: Principal, form: dict[str, Any]) -> Any:
        """Switch the endpoint on that was asked about."""
        wanted, self.switching_on = self.switching_on, ""
        missed = field(form, "missed") != ""
        await webhooks.switch_on(get_core(), viewer.user_id, as_uuid(wanted, "webhook"), replay_missed=missed)
        await self._read(viewer)
        return rx.toast.success(text(language_of(self), "webhooks.enabled"))

    @rx.event(background=True)
    @guarded_in_background
    async def try_out(self, viewer: Principal, hook_id: str) -> Any:
        """Send a test and say how it went, without holding up the page meanwhile."""
        core = get_core()
        async with self:
            if self.testing:
                return None
            self.testing = hook_id if isinstance(hook_id, str) else ""
        said: Any = None
        try:
            wanted = as_uuid(hook_id, "webhook")
            sent = await webhooks.test(core, viewer.user_id, wanted)
            sent = await outcome(core, viewer.user_id, sent, LOOKS)
            async with self:
                said = _told(language_of(self), sent)
                await self._read(viewer)
        except WhahookError as error:
            async with self:
                said = rx.toast.error(error_text(language_of(self), error))
        finally:
            async with self:
                self.testing = ""
        return said

    async def _open_form(self, viewer: Principal, hook: EndpointView | None) -> None:
        events = () if hook is None or ALL in hook.events else hook.events
        chosen = None if hook is None or hook.account_ids is None else {str(each) for each in hook.account_ids}
        listed = await accounts.list_accounts(get_core(), viewer.user_id)
        types = [*EVENT_TYPES, *(each for each in events if each not in EVENT_TYPES)]
        self.form = HookForm(
            id="" if hook is None else str(hook.id),
            name="" if hook is None else hook.name,
            url="" if hook is None else hook.url,
            all_events=not events,
            events=[Choice(value=each, label=each, chosen=each in events) for each in types],
            all_accounts=chosen is None,
            accounts=[
                Choice(
                    value=str(each.account_id),
                    label=each.name,
                    chosen=chosen is not None and str(each.account_id) in chosen,
                )
                for each in listed
            ],
            format=(BodyFormat.WHAHOOK if hook is None else hook.format).value,
            headers="" if hook is None else "".join(f"{name}:\n" for name in hook.header_names),
        )
        self.form_open, self.form_error = True, ""

    async def _hook(self, viewer: Principal, hook_id: object) -> EndpointView:
        return await webhooks.get(get_core(), viewer.user_id, as_uuid(hook_id, "webhook"))

    async def _read(self, viewer: Principal) -> None:
        core = get_core()
        names = {each.account_id: each.name for each in await accounts.list_accounts(core, viewer.user_id)}
        self.hooks = [hook_row(each, names) for each in await webhooks.list_endpoints(core, viewer.user_id)]
        self.loaded = True
        await self._read_deliveries(viewer)


def _told(language: Any, sent: Any) -> Any:
    if sent.status is DeliveryStatus.DELIVERED:
        return rx.toast.success(text(language, "webhooks.test.fine", code=sent.last_status_code))
    if sent.status is DeliveryStatus.PENDING:
        return rx.toast.warning(text(language, "webhooks.test.slow"))
    problem = text(language, f"webhooks.problem.{sent.last_problem.value}")
    code = "" if sent.last_status_code is None else f" ({sent.last_status_code})"
    return rx.toast.error(text(language, "webhooks.test.failed", problem=problem + code))


def _wanted(form: object) -> Wanted:
    """Read the dialog's fields; what was not on the page chooses nothing."""
    ticked = [name for name in form if isinstance(name, str)] if isinstance(form, dict) else []
    events = [name.removeprefix("event-") for name in ticked if name.startswith("event-") and field(form, name)]
    chosen: list[UUID] = []
    for name in ticked:
        if name.startswith("account-") and field(form, name):
            with contextlib.suppress(ValueError):
                chosen.append(UUID(name.removeprefix("account-")))
    return Wanted(
        url=field(form, "url").strip(),
        events=(ALL,) if field(form, "all-events") else tuple(events),
        account_ids=None if field(form, "all-accounts") else chosen,
        name=field(form, "name"),
        format=BodyFormat.WAHA if field(form, "format") == BodyFormat.WAHA else BodyFormat.WHAHOOK,
        headers=_headers(field(form, "headers")) if "headers" in ticked else None,
    )


def _headers(lines: str) -> dict[str, str | None]:
    """Read a header a line; one without a value keeps the value that it has."""
    named = [line.partition(":") for line in lines.splitlines() if line.strip()]
    return {name.strip(): value.strip() or None for name, _, value in named}
