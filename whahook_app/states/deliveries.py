"""What was and is to be delivered to the endpoint whose list is open: filtered, looked into, sent again."""

from __future__ import annotations

import asyncio
import dataclasses
from collections.abc import Mapping
from datetime import timedelta
from typing import Any
from uuid import UUID

import reflex as rx

from session_core.clock import utcnow
from session_core.core import Core
from session_core.domain.webhooks import EVENT_TYPES, TEST, DeliveryStatus, DeliveryView
from session_core.errors import NotFound, PolicyError, WhahookError
from session_core.services import accounts, webhooks
from session_core.services.principal import Principal
from session_core.services.webhooks import MAX_PAGE
from whahook_app.i18n import counted, text
from whahook_app.runtime import get_core
from whahook_app.states.guard import as_uuid, error_text, field, guarded, guarded_in_background, language_of
from whahook_app.views.webhooks import AttemptRow, Choice, DeliveryRow, attempt_rows, delivery_row

PAGE = 30

LOOK_SECONDS = 0.5
LOOKS = 20
"""A worker takes what is due within a second; its answer comes within ten."""

SINCE = {"hour": timedelta(hours=1), "day": timedelta(days=1), "week": timedelta(days=7), "all": timedelta(days=3650)}
"""How far back a replay can go by time; what is kept is the server's setting."""

MAX_DIGITS = 18
"""Of a number that every database takes."""


@dataclasses.dataclass(frozen=True)
class Shown:
    """Which list is on the page: the endpoint, the filters, and how many rows there are."""

    opened: str
    by_status: str
    by_type: str
    by_account: str
    count: int


class Deliveries(rx.State, mixin=True):  # type: ignore[call-arg]
    """Part of the webhooks' state; the endpoint is always the one whose list is open."""

    opened: str = ""
    deliveries: list[DeliveryRow] = []
    more: bool = False
    shown_accounts: list[Choice] = []
    by_status: str = ""
    by_type: str = ""
    by_account: str = ""
    looking_at: DeliveryRow = DeliveryRow()
    looking: bool = False
    attempts: list[AttemptRow] = []
    replaying: bool = False
    replay_error: str = ""

    @rx.event
    @guarded
    async def open_deliveries(self, viewer: Principal, hook_id: str) -> None:
        """Open an endpoint's list, or close it when it is the one that is open."""
        wanted = str((await webhooks.get(get_core(), viewer.user_id, as_uuid(hook_id, "webhook"))).id)
        closing = self.opened == wanted
        self._close_everything()
        if not closing:
            self.opened = wanted
            await self._read_deliveries(viewer)

    @rx.event
    @guarded
    async def look_again(self, viewer: Principal) -> None:
        """Read the list anew."""
        await self._read_deliveries(viewer)

    @rx.event
    @guarded
    async def filter_by(self, viewer: Principal, what: str, value: str) -> None:
        """Show some deliveries only; an empty value shows all again."""
        if what in {"status", "type", "account"} and isinstance(value, str):
            setattr(self, f"by_{what}", value)
            await self._read_deliveries(viewer)

    @rx.event
    @guarded
    async def show_more(self, viewer: Principal) -> None:
        """Add the next page."""
        if self.deliveries:
            await self._read_deliveries(viewer, before=int(self.deliveries[-1].id))

    @rx.event
    @guarded
    async def look_into(self, viewer: Principal, delivery_id: str) -> None:
        """Open a delivery with its tries."""
        await self._look_into(viewer, delivery_id)

    @rx.event
    async def close_look(self) -> None:
        """Close the delivery."""
        self.looking = False

    @rx.event(background=True)
    @guarded_in_background
    async def send_again(self, viewer: Principal, delivery_id: str) -> Any:
        """Send an event again, or try one that waits now; the list shows how it went as soon as that is known."""
        core = get_core()
        async with self:
            opened, self.looking = self.opened, False
        try:
            hook_id = as_uuid(opened, "webhook")
            sent = await webhooks.replay_one(core, viewer.user_id, hook_id, _number(delivery_id))
            async with self:
                await self._read_deliveries(viewer)
                said = rx.toast.success(text(language_of(self), "webhooks.queued"))
            await outcome(core, viewer.user_id, sent, LOOKS)
            async with self:
                await self._read_deliveries(viewer)
        except WhahookError as error:
            async with self:
                said = rx.toast.error(error_text(language_of(self), error))
        return said

    @rx.event
    @guarded
    async def give_up(self, viewer: Principal, delivery_id: str) -> Any:
        """Give a delivery that waits up, so that the next one has its turn."""
        await webhooks.skip(get_core(), viewer.user_id, as_uuid(self.opened, "webhook"), _number(delivery_id))
        self.looking = False
        await self._read_deliveries(viewer)
        return rx.toast.success(text(language_of(self), "webhooks.skipped"))

    @rx.event
    async def ask_replay(self) -> None:
        """Ask from where events are sent again."""
        self.replaying, self.replay_error = True, ""

    @rx.event
    async def close_replay(self) -> None:
        """Send nothing again."""
        self.replaying = False

    @rx.event
    @guarded
    async def replay(self, viewer: Principal, form: dict[str, Any]) -> Any:
        """Send everything since a time or behind a cursor again."""
        language, cursor = language_of(self), field(form, "cursor").strip()
        since = SINCE.get(field(form, "since"), SINCE["hour"])
        if cursor and not (cursor.isdecimal() and len(cursor) <= MAX_DIGITS):
            self.replay_error = text(language, "webhooks.replay.bad_cursor")
            return None
        try:
            done = await webhooks.replay_range(
                get_core(),
                viewer.user_id,
                as_uuid(self.opened, "webhook"),
                after=int(cursor) if cursor else None,
                since=None if cursor else utcnow() - since,
            )
        except PolicyError as error:
            self.replay_error = error_text(language, error)
            return None
        self.replaying = False
        await self._read_deliveries(viewer)
        return rx.toast.success(counted(language, "webhooks.replayed", done.queued))

    def _close_everything(self) -> None:
        """Forget the list that is open."""
        self.opened = self.by_status = self.by_type = self.by_account = ""
        self.deliveries, self.attempts, self.looking_at = [], [], DeliveryRow()
        self.looking = self.replaying = self.more = False

    def _shown(self) -> Shown:
        return Shown(self.opened, self.by_status, self.by_type, self.by_account, len(self.deliveries))

    async def _read_deliveries(self, viewer: Principal, before: int | None = None) -> None:
        if not self.opened:
            return
        core = get_core()
        names = {each.account_id: each.name for each in await accounts.list_accounts(core, viewer.user_id)}
        shown = dataclasses.replace(self._shown(), count=PAGE)
        found = await read_deliveries(core, viewer.user_id, shown, names, before)
        rows = found[:PAGE]
        self.deliveries = rows if before is None else [*self.deliveries, *rows]
        self.more = len(found) > PAGE
        self.shown_accounts = [Choice(value=str(each), label=name) for each, name in names.items()]

    def _show_anew(self, found: list[DeliveryRow], shown: Shown) -> None:
        """Bring the rows up to date that are on the page, and add those that are newer."""
        count = max(PAGE, shown.count)
        if count > MAX_PAGE - 1:
            # Whoever went back that far is not looking for news.
            return
        if self.deliveries != found[:count]:
            self.deliveries = found[:count]
        if self.more != (len(found) > count):
            self.more = len(found) > count

    async def _look_into(self, viewer: Principal, delivery_id: str) -> None:
        core = get_core()
        names = {each.account_id: each.name for each in await accounts.list_accounts(core, viewer.user_id)}
        hook_id = as_uuid(self.opened, "webhook")
        found = await webhooks.delivery(core, viewer.user_id, hook_id, _number(delivery_id))
        self.looking_at, self.attempts, self.looking = delivery_row(found, names), attempt_rows(found.attempts), True


async def read_deliveries(
    core: Core, user_id: UUID, shown: Shown, names: Mapping[UUID, str], before: int | None = None
) -> list[DeliveryRow]:
    """Return the rows of a list, and one more when there is one; nothing when no list is open."""
    if not shown.opened:
        return []
    found = await webhooks.deliveries(
        core,
        user_id,
        as_uuid(shown.opened, "webhook"),
        limit=max(PAGE, shown.count) + 1,
        before=before,
        status=DeliveryStatus(shown.by_status) if shown.by_status in set(DeliveryStatus) else None,
        event_type=shown.by_type if shown.by_type in {*EVENT_TYPES, TEST} else None,
        account_id=_account(shown.by_account),
    )
    return [delivery_row(each, names) for each in found]


async def outcome(core: Core, user_id: UUID, sent: DeliveryView, looks: int) -> DeliveryView:
    """Return a delivery once it was tried again or is done, or as it is after so many looks."""
    now = sent
    for _ in range(looks):
        if now.status is not DeliveryStatus.PENDING or now.tries > sent.tries:
            break
        await asyncio.sleep(LOOK_SECONDS)
        now = await webhooks.delivery(core, user_id, sent.endpoint_id, sent.id)
    return now


def _account(value: str) -> UUID | None:
    try:
        return UUID(value) if value else None
    except ValueError:
        return None


def _number(delivery_id: object) -> int:
    """Return a delivery's number; NotFound for anything that is none."""
    if not isinstance(delivery_id, str) or not delivery_id.isdecimal() or len(delivery_id) > MAX_DIGITS:
        raise NotFound("delivery")
    return int(delivery_id)
