"""The feed: events for programs that have no address of their own."""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query

from session_core.domain.webhooks import ALL
from session_core.services import events, webhooks
from whahook_app.api.deps import CoreDep, UserDep
from whahook_app.api.event_schemas import EventPage
from whahook_app.api.responses import SIGNED_IN, problems
from whahook_app.api.schemas import Line

router = APIRouter(prefix="/events", tags=["webhooks"])

LONGEST_WAIT_SECONDS = events.LONGEST_WAIT.total_seconds()


@router.get("", responses=SIGNED_IN | problems(404))
async def list_events(
    who: UserDep,
    core: CoreDep,
    after: Annotated[
        int | None,
        Query(ge=0, le=2**62, description="cursor of the last event that you have; 0: all; without it: only `next`"),
    ] = None,
    limit: Annotated[int, Query(ge=1, le=events.MAX_PAGE)] = 100,
    type: Annotated[
        list[Line] | None, Query(max_length=webhooks.MAX_EVENTS, description="types, families such as message.*, or *")
    ] = None,
    account_id: Annotated[UUID | None, Query(alias="accountId")] = None,
    wait: Annotated[
        float, Query(ge=0, le=LONGEST_WAIT_SECONDS, description="seconds that an empty answer may wait for an event")
    ] = 0,
) -> EventPage:
    """List what happened behind a cursor, oldest first, in the form in which webhooks tell it."""
    found = await events.read(
        core,
        who.user_id,
        after=after,
        limit=limit,
        types=type or [ALL],
        account_id=account_id,
        wait=timedelta(seconds=wait),
    )
    return EventPage.of(found)
