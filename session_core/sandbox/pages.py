"""The web pages: WhatsApp Web at ``/`` and the phone at ``/phone``. Nothing is loaded from elsewhere."""

from __future__ import annotations

import io
import json
from pathlib import Path

import qrcode
import qrcode.image.svg
from fastapi import APIRouter, Request
from fastapi.responses import FileResponse, HTMLResponse, Response

from session_core.sandbox import heavy
from session_core.sandbox.errors import SandboxError
from session_core.sandbox.world import World

HERE = Path(__file__).parent
SCRIPTS = (
    "loader.js",
    "modules-base.js",
    "modules-ids.js",
    "modules-enums.js",
    "modules-connection.js",
    "modules-identity.js",
    "modules-models.js",
    "modules-collections.js",
    "modules-actions.js",
    "modules-messages.js",
    "modules-kinds.js",
    "modules-contacts.js",
    "media-crypto.js",
    "modules-media.js",
    "modules-hooks.js",
    "modules-addons.js",
    "storage.js",
    "transport.js",
    "linking.js",
    "session.js",
    "changes.js",
    "modules-reach-out.js",
    "inbox.js",
    "dom.js",
    "screen-chats.js",
    "screen.js",
    "app.js",
)
"""The page's scripts in the order of their needs."""

_HEAVY = f"/heavy/{heavy.VERSION}"
HEAVY_BUNDLES = [f"{_HEAVY}/bundle-{number}.js" for number in range(heavy.BUNDLES)]
HEAVY_WORKER = f"{_HEAVY}/worker.js"
HEAVY_HISTORY = f"{_HEAVY}/history.json"

MAX_QR_BYTES = 2000
"""A QR holds 2953 bytes at most; those that link a device have about 240."""
POLICY = (
    "default-src 'self'; img-src 'self' data: blob:; media-src 'self' blob:; connect-src 'self' ws: wss:; "
    "style-src 'self' 'unsafe-inline'; frame-ancestors 'none'"
)
HEADERS = {"Cache-Control": "no-store", "Content-Security-Policy": POLICY, "X-Content-Type-Options": "nosniff"}


def page_router(world: World) -> APIRouter:
    """Return the routes of the pages."""
    router = APIRouter()
    template = (HERE / "page" / "index.html").read_text()
    light = [f"/assets/{name}" for name in SCRIPTS]

    @router.get("/")
    async def whatsapp_web(generation: str | None = None) -> Response:
        config = world.config.for_page()
        if generation is not None:
            if generation not in ("legacy", "bridge"):
                raise SandboxError(422, "unknown_generation", "The generations are 'legacy' and 'bridge'.")
            config["generation"] = generation
        scripts = light
        if world.config.heavy:
            # The loader first; half of the bundles before the modules that clients use, half after them.
            early = HEAVY_BUNDLES[: -heavy.LATE_BUNDLES]
            half = len(early) // 2
            scripts = [light[0], *early[:half], *light[1:-1], *early[half:], "/assets/heavy.js", light[-1]]
            config |= {
                "lateBundles": HEAVY_BUNDLES[-heavy.LATE_BUNDLES :],
                "worker": HEAVY_WORKER,
                "history": HEAVY_HISTORY,
            }
        tags = "\n".join(f'<script src="{source}"></script>' for source in scripts)
        text = json.dumps(config).replace("<", "\\u003c")
        return HTMLResponse(template.replace("__CONFIG__", text).replace("__SCRIPTS__", tags), headers=HEADERS)

    @router.get("/assets/{name}")
    async def asset(name: str) -> Response:
        return _file("page", name)

    # Not async: they take a moment to make.
    @router.get("/heavy/{version}/bundle-{number}.js")
    def heavy_bundle(version: str, number: int) -> Response:
        if not 0 <= number < heavy.BUNDLES:
            raise SandboxError(404, "not_found", f"There is no bundle {number}.")
        return _made(version, heavy.bundle(number), "text/javascript")

    @router.get("/heavy/{version}/worker.js")
    def heavy_worker(version: str) -> Response:
        return _made(version, heavy.worker(), "text/javascript")

    @router.get("/heavy/{version}/history.json")
    def heavy_history(version: str) -> Response:
        return _made(version, heavy.history(), "application/json")

    @router.get("/phone/assets/{name}")
    async def phone_asset(name: str) -> Response:
        return _file("phone", name)

    @router.post("/qr.svg")
    async def qr(request: Request) -> Response:
        return Response(
            draw_qr((await request.body()).decode(errors="replace")), media_type="image/svg+xml", headers=HEADERS
        )

    return router


def phone_page() -> Response:
    """Return the phone's page."""
    return HTMLResponse((HERE / "phone" / "index.html").read_text(), headers=HEADERS | {"Vary": "Accept"})


def _file(folder: str, name: str) -> Response:
    path = HERE / folder / name
    if path.parent != HERE / folder or path.suffix not in (".js", ".css", ".svg") or not path.is_file():
        raise SandboxError(404, "not_found", f"There is no {name}.")
    return FileResponse(path, headers={"Cache-Control": "no-cache", "X-Content-Type-Options": "nosniff"})


def _made(version: str, content: bytes, media_type: str) -> Response:
    if version != heavy.VERSION:
        raise SandboxError(404, "not_found", "That is of another version of the sandbox.")
    for_ever = {"Cache-Control": "public, max-age=31536000, immutable", "X-Content-Type-Options": "nosniff"}
    return Response(content, media_type=media_type, headers=for_ever)


def draw_qr(text: str) -> bytes:
    """Return a QR as SVG. The text comes in a body, never in an address: it holds the secret that links a device.

    Raises:
        SandboxError: 422 ``malformed_qr`` when the text is empty or too long.
    """
    if not 0 < len(text.encode()) <= MAX_QR_BYTES:
        raise SandboxError(422, "malformed_qr", f"The text of a QR has 1 to {MAX_QR_BYTES} bytes.")
    image = qrcode.make(
        text, image_factory=qrcode.image.svg.SvgPathImage, border=4, error_correction=qrcode.ERROR_CORRECT_L
    )
    out = io.BytesIO()
    image.save(out)
    return out.getvalue()
