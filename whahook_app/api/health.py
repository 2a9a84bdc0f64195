"""Two questions of whoever watches the server: is the process alive, and can it do its work."""

from __future__ import annotations

from fastapi import APIRouter
from starlette.responses import JSONResponse, Response

from session_core.services import health
from whahook_app.api.deps import CoreDep
from whahook_app.api.problems import RETRY_AFTER_SECONDS, problem
from whahook_app.api.responses import problems
from whahook_app.api.schemas import Alive, Ready

router = APIRouter(tags=["health"])


@router.head("/healthz", include_in_schema=False)
@router.get("/healthz", response_model=Alive)
async def healthz() -> Alive:
    """Tell that the web process answers. Asks nothing of anybody else."""
    return Alive()


@router.head("/readyz", include_in_schema=False)
@router.get("/readyz", response_model=Ready, responses=problems(503))
async def readyz(core: CoreDep) -> Response:
    """Tell whether database, message bus and a host are there; 503 names what is not."""
    checks = await health.checks(core)
    failing = sorted(name for name, state in checks.items() if state != "ok")
    if not failing:
        return JSONResponse(Ready(checks=checks).model_dump(mode="json"))
    return problem(
        503,
        "not_ready",
        f"Not ready: {', '.join(f'{name} ({checks[name]})' for name in failing)}.",
        "Start what is missing; the log of that process says why it ended.",
        headers={"Retry-After": str(RETRY_AFTER_SECONDS)},
        checks=checks,
    )
