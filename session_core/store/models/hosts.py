"""The lives of host processes."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID, uuid4

from sqlalchemy import Index
from sqlmodel import Field

from session_core.store.models.base import Base, id_column, time_column


class HostRun(Base, table=True):
    """One life of a host process. Valkey knows sooner whether a host lives, but a restart of it forgets."""

    __tablename__ = "host_runs"
    __table_args__ = (Index("ix_host_runs_host_id_started_at", "host_id", "started_at"),)

    id: UUID = Field(default_factory=uuid4, sa_column=id_column())
    host_id: str = Field(max_length=64)
    started_at: datetime = Field(sa_column=time_column())
    seen_at: datetime = Field(sa_column=time_column())
