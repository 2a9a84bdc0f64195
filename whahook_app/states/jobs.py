"""The page of the queues, for whoever operates the server."""

from __future__ import annotations

import dataclasses
from typing import Any

import reflex as rx
import structlog

from session_core.core import Core
from session_core.domain.jobs import FailedJobView, JobsView, QueueView, WorkerView
from session_core.errors import NotFound
from session_core.services import jobs
from session_core.services.health import OUTAGES
from session_core.services.principal import Principal
from whahook_app.i18n import text
from whahook_app.live import Tab, viewer_of, watches
from whahook_app.runtime import get_core
from whahook_app.states.base import Base
from whahook_app.states.guard import guarded, language_of

log = structlog.get_logger(__name__)

AWAY: tuple[type[Exception], ...] = (*OUTAGES, TimeoutError)


@dataclasses.dataclass
class WorkerRow:
    """A process that takes jobs."""

    key: str = ""
    name: str = ""
    queues: str = ""
    busy: bool = False
    since: str = ""
    done: int = 0
    failed: int = 0


@dataclasses.dataclass
class QueueRow:
    """A queue."""

    name: str = ""
    waiting: int = 0
    running: int = 0
    failed: int = 0
    workers: int = 0


@dataclasses.dataclass
class FailedRow:
    """A job that failed."""

    id: str = ""
    task: str = ""
    subject: str = ""
    at: str = ""
    error: str = ""


class Jobs(Base):
    """Workers, queues and the newest failed jobs.

    ``refused``: the viewer does not operate the server, and sees nothing.
    """

    workers: list[WorkerRow] = []
    queues: list[QueueRow] = []
    failed: list[FailedRow] = []
    failed_total: int = 0
    failed_hidden: bool = False
    loaded: bool = False
    refused: bool = False
    dismissing: str = ""

    @rx.event
    @guarded
    async def load(self, viewer: Principal) -> None:
        """Show everything as it is now."""
        self.dismissing = ""
        await self._read(viewer)

    @rx.event(background=True)
    async def watch(self) -> Any:
        """Keep the page up to date, until the tab is closed or the login ends."""
        core = get_core()
        async with self:
            tab = Tab.of(self.router)
        async with watches.open(core, tab) as watch:
            if watch is None:
                return None
            while await watch.batch() is not None:
                if not await self._refresh(core, tab):
                    return None
        return await self._ended(tab)

    async def _refresh(self, core: Core, tab: Tab) -> bool:
        """Read everything anew; False when it is not the viewer's to see."""
        viewer = await viewer_of(core, tab.cookie)
        if viewer is None:
            return True
        try:
            view = await jobs.look(core, viewer)
        except NotFound:
            return False
        except AWAY:
            log.warning("jobs_page_not_refreshed")
            return True
        async with self:
            self._show(view)
        return True

    @rx.event
    @guarded
    async def retry(self, viewer: Principal, job_id: str) -> Any:
        """Put a failed job into its queue again."""
        await jobs.retry(get_core(), viewer, _text(job_id))
        await self._read(viewer)
        return rx.toast.success(text(language_of(self), "jobs.retried"))

    @rx.event
    @guarded
    async def ask(self, viewer: Principal, job_id: str) -> None:
        """Ask before a failed job is forgotten."""
        self.dismissing = _text(job_id)

    @rx.event
    async def keep(self) -> None:
        """Forget nothing."""
        self.dismissing = ""

    @rx.event
    @guarded
    async def dismiss(self, viewer: Principal) -> Any:
        """Forget the failed job that was asked about."""
        wanted, self.dismissing = self.dismissing, ""
        await jobs.dismiss(get_core(), viewer, wanted)
        await self._read(viewer)
        return rx.toast.success(text(language_of(self), "jobs.dismissed"))

    async def _read(self, viewer: Principal) -> None:
        try:
            self._show(await jobs.look(get_core(), viewer))
        except NotFound:
            self.reset()
            self.refused = self.loaded = True

    def _show(self, view: JobsView) -> None:
        fresh = {
            "workers": [_worker(each) for each in view.workers],
            "queues": [_queue(each) for each in view.queues],
            "failed": [_failed(each) for each in view.failed],
            "failed_total": view.failed_total,
            "failed_hidden": view.failed_total > len(view.failed),
            "loaded": True,
            "refused": False,
        }
        for name, value in fresh.items():
            if getattr(self, name) != value:
                setattr(self, name, value)


def _worker(worker: WorkerView) -> WorkerRow:
    return WorkerRow(
        key=worker.name,
        name=f"{worker.machine} · {worker.pid}",
        queues=", ".join(worker.queues),
        busy=worker.busy,
        since=worker.since.isoformat(),
        done=worker.done,
        failed=worker.failed,
    )


def _queue(queue: QueueView) -> QueueRow:
    return QueueRow(queue.name, queue.waiting, queue.running, queue.failed, queue.workers)


def _failed(job: FailedJobView) -> FailedRow:
    return FailedRow(job.id, job.task, job.subject, job.failed_at.isoformat(), job.error)


def _text(job_id: object) -> str:
    return job_id if isinstance(job_id, str) else ""
