"""The description of the API for people, at ``/api/docs``: Swagger UI from our own address, without inline code."""

from __future__ import annotations

from pathlib import Path

from fastapi import APIRouter
from starlette.responses import FileResponse, HTMLResponse, Response

from session_core.errors import NotFound, TransientError

router = APIRouter(include_in_schema=False)

ASSETS = Path(__file__).resolve().parents[2] / "node_modules" / "swagger-ui-dist"

FILES = {
    "swagger-ui-bundle.js": "text/javascript",
    "swagger-ui.css": "text/css",
    "favicon-32x32.png": "image/png",
}

POLICY = "; ".join(
    (
        "default-src 'none'",
        "script-src 'self'",
        # Swagger UI sets style attributes and has its icons in the style sheet.
        "style-src 'self' 'unsafe-inline'",
        "img-src 'self' data:",
        "connect-src 'self'",
        "frame-ancestors 'none'",
        "base-uri 'none'",
        "form-action 'none'",
    )
)

PAGE = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>WhaHook API</title>
<link rel="icon" href="/api/docs/assets/favicon-32x32.png">
<link rel="stylesheet" href="/api/docs/assets/swagger-ui.css">
</head>
<body>
<div id="docs"></div>
<script src="/api/docs/assets/swagger-ui-bundle.js"></script>
<script src="/api/docs/assets/start.js"></script>
</body>
</html>
"""

START = """SwaggerUIBundle({
  url: "/api/openapi.json",
  dom_id: "#docs",
  deepLinking: true,
  validatorUrl: null,
  tryItOutEnabled: true,
});
"""


@router.get("/api/docs")
async def docs() -> HTMLResponse:
    """Show the page."""
    return HTMLResponse(PAGE, headers={"Content-Security-Policy": POLICY, "Cache-Control": "no-cache"})


@router.get("/api/docs/assets/start.js")
async def start() -> Response:
    """Give the script that starts Swagger UI; a file of its own, so that the page needs no inline script."""
    return Response(START, media_type="text/javascript", headers={"Cache-Control": "no-cache"})


@router.get("/api/docs/assets/{name}")
async def asset(name: str) -> Response:
    """Give one of Swagger UI's files."""
    media_type = FILES.get(name)
    if media_type is None:
        raise NotFound("path")
    path = ASSETS / name
    if not path.is_file():
        raise TransientError("Swagger UI is not installed.", code="docs_not_installed", action="Run: npm ci")
    return FileResponse(path, media_type=media_type, headers={"Cache-Control": "public, max-age=3600"})
