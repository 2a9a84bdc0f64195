"""What travels about hosts."""

from __future__ import annotations

from pydantic import Field

from session_core.domain.sharing import Obstacle
from session_core.services.hosts import HostView
from whahook_app.api.schema_base import Incoming, Outgoing


class Host(Outgoing):
    """A host that is alive: a process that runs accounts, each with a browser of its own."""

    id: str = Field(examples=["host-1f0c33a9be42"])
    name: str = Field(description="how its operator calls it", examples=["frankfurt-2"])
    running: int = Field(description="sessions that run there")
    room_for: int = Field(description="sessions that fit beside those")
    draining: bool = Field(description="it is being stopped, and hands its accounts over")
    here: bool = Field(description="the account that was asked about runs there")
    obstacle: Obstacle | None = Field(description="why that account cannot be moved there; null: it can")

    @classmethod
    def of(cls, host: HostView) -> Host:
        """Show a host."""
        return cls.model_validate(host, from_attributes=True)


class Move(Incoming):
    """Where to."""

    host_id: str = Field(max_length=64, examples=["host-1f0c33a9be42"])
