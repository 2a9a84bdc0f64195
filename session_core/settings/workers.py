"""Settings of the worker service."""

from __future__ import annotations

import re

from pydantic import Field, field_validator
from pydantic_settings import BaseSettings

from session_core.domain.queues import JobQueue, parse_queues
from session_core.settings.values import ADDRESS

MAX_WORKERS = 64


def _split(value: str) -> list[str]:
    return [one for one in re.split(r"[,\s]+", value) if one]


class WorkerSettings(BaseSettings):
    """How many processes work on the queues of this machine, and on which."""

    workers: int = Field(default=2, ge=1, le=MAX_WORKERS, description="processes for the first of the queues")
    worker_queues: str = Field(default="sending,alerts", description="the first one has the pool, the others one each")

    operators: str = Field(default="", description="e-mail addresses of who may see the queues; empty: the first user")

    @field_validator("worker_queues")
    @classmethod
    def _known_queues(cls, value: str) -> str:
        parse_queues(value)
        return value

    @field_validator("operators")
    @classmethod
    def _addresses(cls, value: str) -> str:
        if not all(ADDRESS.fullmatch(one) for one in _split(value)):
            raise ValueError("must be e-mail addresses with commas between them")
        return value

    @property
    def operator_addresses(self) -> frozenset[str]:
        """E-mail addresses of the operators, in small letters; empty: the first user is it."""
        return frozenset(one.lower() for one in _split(self.operators))

    @property
    def job_queues(self) -> tuple[JobQueue, ...]:
        """The queues that the worker service of this machine works on."""
        return parse_queues(self.worker_queues)
