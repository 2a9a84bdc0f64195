"""What stands in front of every handler: who asks, and are the arguments what they should be."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, get_type_hints
from urllib.parse import quote
from uuid import UUID

import reflex as rx
import structlog

from session_core.errors import NotFound, PolicyError, WhahookError
from whahook_app.auth.redirects import HOME, SIGN_IN, safe_next
from whahook_app.i18n import Language, choose, text_or
from whahook_app.live import viewer_of
from whahook_app.runtime import get_core

log = structlog.get_logger(__name__)

GUARDED = "__whahook_guarded__"
"""Mark on handlers that ask who is signed in; a test looks for it on every one of them."""

Handler = Callable[..., Awaitable[Any]]


def guarded(function: Handler) -> Handler:
    """Give the handler the signed-in user as its second argument, and show what is refused as a toast.

    The handler is written ``async def name(self, viewer, ...)`` and is called by the page as ``name(...)``. Without
    a login it does not run, and the page goes to the sign-in.
    """

    async def handler(self: Any, **payload: Any) -> Any:
        viewer = await viewer_of(get_core(), self.router.headers.cookie)
        if viewer is None:
            return rx.redirect(sign_in_address(self.router.url.path))
        language = language_of(self)
        try:
            return await function(self, viewer, **_fitting(function, payload))
        except WhahookError as error:
            return rx.toast.error(error_text(language, error))
        except Exception:
            # The last line before the framework, which would show its own English text.
            log.exception("handler_failed", handler=function.__qualname__)
            return rx.toast.error(text_or(language, "error.default", "error.default"))

    return _without_viewer(handler, function)


def guarded_in_background(function: Handler) -> Handler:
    """Do the same for a background handler; it shows its refusals itself."""

    async def handler(self: Any, **payload: Any) -> Any:
        viewer = await viewer_of(get_core(), self.router.headers.cookie)
        if viewer is None:
            return rx.redirect(sign_in_address(self.router.url.path))
        return await function(self, viewer, **_fitting(function, payload))

    return _without_viewer(handler, function)


def _without_viewer(handler: Handler, function: Handler) -> Handler:
    """Make ``handler`` look like ``function`` without its second parameter, which is what pages may pass."""
    signature = inspect.signature(function)
    parameters = list(signature.parameters.values())
    viewer = parameters.pop(1)
    functools.update_wrapper(handler, function)
    del handler.__dict__["__wrapped__"]
    handler.__dict__["__signature__"] = signature.replace(parameters=parameters)
    # Resolved here: the names in them are those of the module in which the handler is written.
    handler.__annotations__ = {name: kind for name, kind in get_type_hints(function).items() if name != viewer.name}
    setattr(handler, GUARDED, True)
    return handler


def _fitting(function: Handler, payload: dict[str, Any]) -> dict[str, Any]:
    """Return the payload when it has the handler's arguments, neither more nor fewer.

    Raises:
        PolicyError: 422 ``bad_form``; our own pages never send such a thing.
    """
    expected = list(inspect.signature(function).parameters)[2:]
    if sorted(payload) != sorted(expected):
        raise PolicyError("The request does not have the expected fields.", code="bad_form", status_code=422)
    return payload


def language_of(state: Any) -> Language:
    """Return the language that the state's viewer reads."""
    return choose(state.lang, state.router.headers.accept_language)


def error_text(language: Language, error: WhahookError) -> str:
    """Return what went wrong, in the viewer's language."""
    return text_or(language, f"error.{error.code}", "error.default")


def sign_in_address(path: str) -> str:
    """Return the address of the sign-in that leads back to ``path``."""
    following = safe_next(path.rstrip("/") or "/")
    return SIGN_IN if following in {HOME, "/"} else f"{SIGN_IN}?next={quote(following, safe='/')}"


def as_uuid(value: object, what: str = "account") -> UUID:
    """Return the id; NotFound for anything that is none, as for one that is somebody else's."""
    try:
        return UUID(value) if isinstance(value, str) else _raise(what)
    except ValueError:
        return _raise(what)


def _raise(what: str) -> UUID:
    raise NotFound(what)


def field(form: object, name: str) -> str:
    """Return a field of a form that was sent, an empty text when it is not there or not a text."""
    value = form.get(name) if isinstance(form, Mapping) else None
    return value if isinstance(value, str) else ""
