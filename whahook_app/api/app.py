"""The FastAPI application: REST, its description, the forms, health, Socket.IO."""

from __future__ import annotations

from collections.abc import Callable
from importlib.metadata import PackageNotFoundError, version

from fastapi import FastAPI, Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Match

from session_core.errors import NotFound
from session_core.services.live import Core
from session_core.settings import Settings
from whahook_app.api import docs, files, forms, health, metrics, problems, v1
from whahook_app.api.deps import Context
from whahook_app.api.guards import BodyLimit, LastResort
from whahook_app.api.responses import DESCRIPTION, describe
from whahook_app.api.socket import mount_socket_server

ALL_METHODS = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE"]


def create_api(get_core: Callable[[], Core], settings: Settings) -> FastAPI:
    """Build the application.

    Its own lifespan is never run (Reflex mounts its pages into it and runs one of its own): the core is opened by
    `whahook_app.runtime.open_runtime`, Socket.IO by `whahook_app.api.socket.socket_relay`.

    Args:
        get_core: returns the process's core; RuntimeError while there is none.
        settings: of this process.
    """
    app = FastAPI(
        title="WhaHook API",
        version=_version(),
        description=DESCRIPTION,
        openapi_url="/api/openapi.json",
        docs_url=None,
        redoc_url=None,
        generate_unique_id_function=lambda route: _camel(route.name),
    )
    app.state.context = Context(get_core, settings)
    problems.install(app)
    describe(app, settings)
    app.add_middleware(LastResort)
    app.add_middleware(BodyLimit)
    for router in (v1.router, files.router, forms.router, health.router, metrics.router, docs.router):
        app.include_router(router)
    _answer_unknown_paths(app)
    mount_socket_server(app)
    return app


def _answer_unknown_paths(app: FastAPI) -> None:
    # The pages are mounted after this and take everything that is left: without it an unknown path of the API, or a
    # wrong method, would answer with a page.
    known = list(app.router.routes)

    async def unknown(request: Request) -> Response:
        allowed = [method for method in ALL_METHODS if _matches(known, request, method)]
        if not allowed:
            return problems.from_error(NotFound("path"))
        return problems.problem(
            405,
            "method_not_allowed",
            f"{request.method} is not possible here.",
            "See the header Allow, and the description at /api/docs.",
            headers={"Allow": ", ".join(allowed)},
        )

    for path in ("/api/{path:path}", "/auth/{path:path}", "/media/{path:path}", "/healthz", "/readyz", "/metrics"):
        app.add_route(path, unknown, methods=ALL_METHODS, include_in_schema=False)


def _matches(routes: list[BaseRoute], request: Request, method: str) -> bool:
    scope = {**request.scope, "method": method}
    return any(route.matches(scope)[0] is Match.FULL for route in routes)


def _camel(name: str) -> str:
    first, *rest = name.split("_")
    return first + "".join(word.capitalize() for word in rest)


def _version() -> str:
    try:
        return version("whahook")
    except PackageNotFoundError:
        return "0"
