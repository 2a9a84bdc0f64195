"""What travels about the feed of events."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from pydantic import Field

from session_core.services.events import Feed
from whahook_app.api.schema_base import Outgoing


class Event(Outgoing):
    """Something that happened, in the form in which webhooks tell it."""

    id: str = Field(examples=["evt_…"], description="the same wherever it is told")
    type: str = Field(examples=["message.received"])
    timestamp: str = Field(description="ISO 8601, UTC")
    cursor: int = Field(description="its place in the order of events; there are gaps")
    account_id: UUID
    session_id: str
    data: dict[str, Any]


class EventPage(Outgoing):
    """Events, oldest first."""

    events: list[Event]
    next: int = Field(description="`after` of the next request")
    more: bool = Field(description="there are more behind it now")

    @classmethod
    def of(cls, feed: Feed) -> EventPage:
        """Show a page."""
        return cls(events=[Event.model_validate(each) for each in feed.events], next=feed.next, more=feed.more)
