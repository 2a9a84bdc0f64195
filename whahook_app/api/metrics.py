"""Numbers for whoever operates the server. Off unless ``WHAHOOK_METRICS_TOKEN`` is set."""

from __future__ import annotations

import hmac

from fastapi import APIRouter, Request
from starlette.responses import Response

from session_core.errors import NotFound, Unauthenticated
from session_core.services import metrics
from whahook_app.api.deps import CoreDep, SettingsDep

router = APIRouter(include_in_schema=False)


@router.get("/metrics")
async def prometheus(request: Request, settings: SettingsDep, core: CoreDep) -> Response:
    """Give all metrics to who sends the token; a login or an API key is not enough, since they are about everybody."""
    if settings.metrics_token is None:
        raise NotFound("path")
    expected = f"Bearer {settings.metrics_token.get_secret_value()}"
    sent = request.headers.get("authorization", "")
    if not hmac.compare_digest(sent.encode(), expected.encode()):
        raise Unauthenticated("The token of the metrics is missing or wrong.")
    return Response(await metrics.text(core), media_type=metrics.CONTENT_TYPE)
