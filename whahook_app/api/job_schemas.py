"""What travels about the queues."""

from __future__ import annotations

from datetime import datetime

from pydantic import Field

from session_core.domain.jobs import JobsView
from whahook_app.api.schema_base import Outgoing


class Worker(Outgoing):
    """A process that takes jobs."""

    name: str
    machine: str
    pid: int
    queues: list[str]
    busy: bool
    since: datetime
    seen_at: datetime = Field(description="when it was last heard of")
    done: int
    failed: int


class Queue(Outgoing):
    """A queue."""

    name: str
    waiting: int
    running: int
    failed: int
    workers: int


class FailedJob(Outgoing):
    """A job that failed."""

    id: str
    queue: str
    task: str = Field(description="drain: a lane of messages; mail: an alert", examples=["drain"])
    subject: str = Field(description="id of the account or alert that it was about")
    failed_at: datetime
    error: str = Field(description="the error's last line, without what may be somebody's")


class Jobs(Outgoing):
    """Everything at one moment."""

    workers: list[Worker]
    queues: list[Queue]
    failed: list[FailedJob] = Field(description="the newest 50")
    failed_total: int

    @classmethod
    def of(cls, view: JobsView) -> Jobs:
        """Show it."""
        return cls.model_validate(view.model_dump())
