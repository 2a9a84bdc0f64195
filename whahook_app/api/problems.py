"""Every error as problem+json (RFC 9457) with a code for programs and a next step for people."""

from __future__ import annotations

import math
from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

import structlog
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect
from starlette.responses import JSONResponse

from session_core.errors import (
    Conflict,
    FatalError,
    LoginRequired,
    NotFound,
    PolicyError,
    TooMany,
    TransientError,
    WhahookError,
)
from session_core.services.health import OUTAGES
from whahook_app.api.schemas import FieldProblem, Problem

log = structlog.get_logger(__name__)

MEDIA_TYPE = "application/problem+json"

MAX_BODY_BYTES = 1024 * 1024
"""The longest text has 65,536 characters, each at most 12 bytes as a JSON escape."""

MAX_FIELD_ERRORS = 20
MAX_FIELD_NAME = 200
"""A request can name as many wrong fields, and as long ones, as fit into its body; the answer need not."""

RETRY_AFTER_SECONDS = 5
"""For what may work in a moment: a host that restarts, a database that comes back."""


class ProblemResponse(JSONResponse):
    """A `Problem` on the wire."""

    media_type = MEDIA_TYPE


def problem(
    status: int,
    code: str,
    detail: str,
    action: str = "",
    *,
    headers: Mapping[str, str] | None = None,
    **more: Any,
) -> ProblemResponse:
    """Build the answer for an error.

    Args:
        status: HTTP status.
        code: stable name, e.g. ``"account_not_found"``.
        detail: one plain sentence.
        action: what to do next; may be empty.
        headers: further headers.
        more: further fields of `Problem`.
    """
    body = Problem(
        type=f"urn:whahook:problem:{code}",
        title=HTTPStatus(status).phrase,
        status=status,
        detail=detail,
        code=code,
        action=action,
        **more,
    )
    return ProblemResponse(
        body.model_dump(mode="json", by_alias=True, exclude_none=True), status, headers=dict(headers or {})
    )


def from_error(error: WhahookError) -> ProblemResponse:
    """Build the answer for one of our own errors; its type chooses the status."""
    more: dict[str, Any] = {}
    headers: dict[str, str] = {}
    status = status_of(error)
    if isinstance(error, Conflict) and error.existing_id is not None:
        more["existing_id"] = error.existing_id
    if isinstance(error, TransientError):
        headers["Retry-After"] = str(RETRY_AFTER_SECONDS)
    if isinstance(error, TooMany):
        headers["Retry-After"] = str(max(1, math.ceil(error.retry_after.total_seconds())))
    if status == HTTPStatus.UNAUTHORIZED:
        # A scheme that no browser knows: it must not open its own password window.
        headers["WWW-Authenticate"] = 'ApiKey realm="WhaHook"'
    return problem(status, error.code, error.message, error.action, headers=headers, **more)


def status_of(error: WhahookError) -> int:
    """Return the HTTP status that an error means."""
    if isinstance(error, PolicyError):
        return error.status_code
    if isinstance(error, TransientError):
        return HTTPStatus.SERVICE_UNAVAILABLE
    if isinstance(error, LoginRequired):
        return HTTPStatus.CONFLICT
    return HTTPStatus.INTERNAL_SERVER_ERROR


def without_secrets(path: str) -> str:
    """Return a path for a log: the address of a file is worth the file."""
    return "/media/…" if path.startswith("/media/") else path


async def _whahook_error(request: Request, error: Exception) -> ProblemResponse:
    assert isinstance(error, WhahookError)  # noqa: S101  (registered for this type only)
    if isinstance(error, FatalError):
        log.error("request_refused", path=without_secrets(request.url.path), error=error.code, detail=error.message)
    return from_error(error)


async def _outage(request: Request, error: Exception) -> ProblemResponse:
    log.warning(
        "request_failed_outage",
        method=request.method,
        path=without_secrets(request.url.path),
        error=type(error).__name__,
    )
    return from_error(
        TransientError(
            "The database or the message bus is not reachable.",
            code="temporarily_unavailable",
            action="Try again in a few seconds; /readyz says what is missing.",
        )
    )


async def _invalid(_request: Request, error: Exception) -> ProblemResponse:
    assert isinstance(error, RequestValidationError)  # noqa: S101
    for item in error.errors():
        place, *names = item["loc"]
        if place == "path" and names:
            # Something that cannot be an id names nothing, exactly like an id of somebody else's.
            return from_error(NotFound(str(names[0]).removesuffix("_id")))
    return problem(
        422,
        "invalid_request",
        "The request is not understood.",
        "See the field errors, and the description at /api/docs.",
        errors=[_field(item) for item in error.errors()[:MAX_FIELD_ERRORS]],
    )


def _field(item: Mapping[str, Any]) -> FieldProblem:
    # Never item["input"]: it can be a password.
    where = ".".join(str(part) for part in item["loc"])[:MAX_FIELD_NAME]
    return FieldProblem(field=where, message=item["msg"].removeprefix("Value error, "), type=item["type"])


async def _http(_request: Request, error: Exception) -> ProblemResponse:
    assert isinstance(error, HTTPException)  # noqa: S101
    status = error.status_code
    if status == HTTPStatus.REQUEST_ENTITY_TOO_LARGE:
        return body_too_large()
    phrase = HTTPStatus(status).phrase
    code = phrase.lower().replace(" ", "_")
    return problem(status, code, f"{phrase}.", "See the description at /api/docs.", headers=error.headers)


async def _cut_off(_request: Request, _error: Exception) -> ProblemResponse:
    # Nobody is there any more who could read it.
    return problem(400, "cut_off", "The request broke off.", "Send it again.")


def body_too_large() -> ProblemResponse:
    """Build the answer for a body over `MAX_BODY_BYTES`."""
    return problem(413, "body_too_large", f"The body has more than {MAX_BODY_BYTES} bytes.", "Send less at once.")


def unknown_error() -> ProblemResponse:
    """Build the answer for what nobody expected: no details, they are in the log."""
    return problem(500, "internal", "Something broke on our side.", "The log of the web process says what.")


def install(app: FastAPI) -> None:
    """Make every error that a route raises a problem+json."""
    app.add_exception_handler(WhahookError, _whahook_error)
    app.add_exception_handler(RequestValidationError, _invalid)
    app.add_exception_handler(HTTPException, _http)
    app.add_exception_handler(ClientDisconnect, _cut_off)
    for outage in OUTAGES:
        app.add_exception_handler(outage, _outage)
