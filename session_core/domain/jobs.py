"""What the operator sees of the queues: who works, what waits, what failed."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import datetime

from pydantic import BaseModel, ConfigDict, Field

LONGEST_ERROR = 300

_RAISED = re.compile(r"^[A-Za-z_][\w.]*(: .*)?$")

_HIDDEN = (
    # A database names the row that it refuses, and a library the value that it cannot read.
    re.compile(r"(?<=')[^']{13,}(?=')"),
    re.compile(r'(?<=")[^"]{13,}(?=")'),
    re.compile(r"[\w.+-]+@[\w-]+[\w.-]*"),
    re.compile(r"\+?\d{7,}"),
)


class _Data(BaseModel):
    model_config = ConfigDict(frozen=True)


class WorkerView(_Data):
    """A process that takes jobs."""

    name: str
    machine: str
    pid: int
    queues: Sequence[str]
    busy: bool
    since: datetime
    seen_at: datetime = Field(description="when it was last heard of")
    done: int = Field(description="jobs that it finished")
    failed: int = Field(description="jobs that failed in its hands")


class QueueView(_Data):
    """A queue."""

    name: str
    waiting: int
    running: int
    failed: int
    workers: int


class FailedJobView(_Data):
    """A job that failed."""

    id: str
    queue: str
    task: str = Field(description="what it does: drain (a lane), mail (an alert)")
    subject: str = Field(description="id of the account or alert that it was about")
    failed_at: datetime
    error: str = Field(description="last line of the error, without what may be somebody's")


class JobsView(_Data):
    """Everything at one moment. ``failed`` has the newest ones, ``failed_total`` says how many there are."""

    workers: Sequence[WorkerView]
    queues: Sequence[QueueView]
    failed: Sequence[FailedJobView]
    failed_total: int


def last_line(traceback: str) -> str:
    """Return what an error said, in one line: the class and the first line of its text.

    Quoted values, addresses and long numbers are hidden: they may be what users wrote, or who they are.

    Args:
        traceback: as Python prints it; or a single line, as RQ writes it itself.
    """
    lines = [line for line in traceback.splitlines() if line.strip()]
    if not lines:
        return ""
    # What follows the line of the last error is further lines of its text.
    last_frame = max((number for number, line in enumerate(lines) if line.startswith(" ")), default=-1)
    raised = [line for line in lines[last_frame + 1 :] if _RAISED.match(line)]
    shown = (raised or lines[-1:])[0].strip()
    for pattern in _HIDDEN:
        shown = pattern.sub("…", shown)
    return shown[:LONGEST_ERROR]
