"""Settings of the worker service."""

from __future__ import annotations

from pydantic import Field, field_validator
from pydantic_settings import BaseSettings

from session_core.domain.queues import JobQueue, parse_queues

MAX_WORKERS = 64


class WorkerSettings(BaseSettings):
    """How many processes work on the queues of this machine, and on which."""

    workers: int = Field(default=2, ge=1, le=MAX_WORKERS, description="processes for the first of the queues")
    worker_queues: str = Field(default="sending,alerts", description="the first one has the pool, the others one each")

    @field_validator("worker_queues")
    @classmethod
    def _known_queues(cls, value: str) -> str:
        parse_queues(value)
        return value

    @property
    def job_queues(self) -> tuple[JobQueue, ...]:
        """The queues that the worker service of this machine works on."""
        return parse_queues(self.worker_queues)
