"""How the routes' errors appear in the OpenAPI document."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi

from session_core.settings import Settings
from whahook_app.api.schemas import Json, Problem
from whahook_app.auth.cookie import cookie_name

_CONTENT = {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}}
_METHODS = ("get", "post", "put", "patch", "delete")

DESCRIPTION = """
Connect WhatsApp accounts, send and receive texts.

Send an API key in the header `X-API-Key`, or use the cookie that signing in sets. Every error is
`application/problem+json` with a `code` for programs and an `action` for people. What belongs to somebody else does
not exist for you: 404.

Live events come over Socket.IO on the same address (path `/socket.io`), and signed to addresses of yours: webhooks.
"""


def problems(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """Describe the errors that a route can answer with, for FastAPI's ``responses``."""
    return {status: {"description": HTTPStatus(status).phrase, "content": _CONTENT} for status in statuses}


OWNED = problems(401, 403, 404, 503)
"""Errors of every route on a thing that belongs to somebody."""

SIGNED_IN = problems(401, 403, 503)
"""Errors of every route that needs a user."""


def describe(app: FastAPI, settings: Settings) -> None:
    """Have ``/api/openapi.json`` say what is true: our errors instead of FastAPI's, and the cookie's real name."""

    def openapi() -> Json:
        if app.openapi_schema is None:
            app.openapi_schema = _document(app, settings)
        return app.openapi_schema

    app.openapi = openapi  # type: ignore[method-assign]


def _document(app: FastAPI, settings: Settings) -> Json:
    document = get_openapi(
        title=app.title, version=app.version, description=app.description, routes=app.routes, tags=app.openapi_tags
    )
    components = document["components"]
    for name in ("HTTPValidationError", "ValidationError"):
        components["schemas"].pop(name, None)
    schema = Problem.model_json_schema(by_alias=True, ref_template="#/components/schemas/{model}")
    components["schemas"] |= schema.pop("$defs", {})
    components["schemas"]["Problem"] = schema
    components["securitySchemes"]["cookie"]["name"] = cookie_name(settings)
    for path in document["paths"].values():
        for method in _METHODS:
            if "422" in path.get(method, {}).get("responses", {}):
                path[method]["responses"]["422"] = problems(422)[422]
    return document
