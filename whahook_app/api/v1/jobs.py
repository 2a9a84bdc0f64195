"""The queues, for whoever operates the server."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Path

from session_core.services import jobs
from whahook_app.api.deps import CoreDep, UserDep
from whahook_app.api.job_schemas import Jobs
from whahook_app.api.responses import OWNED

router = APIRouter(prefix="/jobs", tags=["server"])

JobId = Annotated[str, Path(max_length=64)]


@router.get("", responses=OWNED)
async def list_jobs(who: UserDep, core: CoreDep) -> Jobs:
    """Show workers, queues and the newest failed jobs; 404 for everybody but the operator."""
    return Jobs.of(await jobs.look(core, who))


@router.post("/{job_id}/retry", status_code=204, responses=OWNED)
async def retry_job(job_id: JobId, who: UserDep, core: CoreDep) -> None:
    """Put a failed job into its queue again."""
    await jobs.retry(core, who, job_id)


@router.delete("/{job_id}", status_code=204, responses=OWNED)
async def dismiss_job(job_id: JobId, who: UserDep, core: CoreDep) -> None:
    """Forget a failed job."""
    await jobs.dismiss(core, who, job_id)
