"""Where the pages' own forms go: only an HTTP answer can set a cookie that scripts cannot read."""

from __future__ import annotations

from typing import Annotated

import structlog
from fastapi import APIRouter, Form, Request
from pydantic import ValidationError
from starlette.responses import RedirectResponse

from session_core.errors import TooMany, WhahookError
from session_core.services import auth
from session_core.services.auth import SignedIn
from session_core.services.health import OUTAGES
from session_core.services.live import Core
from session_core.settings import Settings
from whahook_app.api.deps import AddressDep, CoreDep, SettingsDep, login_token
from whahook_app.api.schemas import SignIn, SignUp
from whahook_app.auth.cookie import clear_login_cookie, set_login_cookie
from whahook_app.auth.origin import refuse_foreign_origin
from whahook_app.auth.redirects import SIGN_IN, SIGN_UP, page_with_error, safe_next

router = APIRouter(prefix="/auth", include_in_schema=False)

log = structlog.get_logger(__name__)

SEE_OTHER = 303
"""The browser fetches the next page with GET, and a reload does not send the form again."""

FORM_ERRORS: tuple[type[Exception], ...] = (WhahookError, ValidationError, *OUTAGES)
"""What sends a person back to the form."""

Text = Annotated[str, Form()]


@router.post("/sign-in")
async def sign_in(
    request: Request,
    core: CoreDep,
    settings: SettingsDep,
    address: AddressDep,
    email: Text = "",
    password: Text = "",
    next: Text = "",
) -> RedirectResponse:
    """Sign in; on to ``next``, or back to the form with ``?error=<code>``."""
    try:
        refuse_foreign_origin(request.headers, settings)
        body = SignIn(email=email, password=password)
        signed_in = await auth.sign_in(
            core, email=body.email, password=body.password, address=address, user_agent=_user_agent(request)
        )
    except FORM_ERRORS as error:
        return _back(SIGN_IN, error, next)
    return await _enter(request, core, settings, signed_in, next)


@router.post("/sign-up")
async def sign_up(
    request: Request,
    core: CoreDep,
    settings: SettingsDep,
    address: AddressDep,
    email: Text = "",
    password: Text = "",
    name: Text = "",
    next: Text = "",
) -> RedirectResponse:
    """Make a user and sign them in; on to ``next``, or back to the form with ``?error=<code>``."""
    try:
        refuse_foreign_origin(request.headers, settings)
        body = SignUp(email=email, password=password, name=name)
        signed_in = await auth.sign_up(
            core,
            email=body.email,
            password=body.password,
            name=body.name,
            address=address,
            user_agent=_user_agent(request),
        )
    except FORM_ERRORS as error:
        return _back(SIGN_UP, error, next)
    return await _enter(request, core, settings, signed_in, next)


@router.post("/sign-out")
async def sign_out(request: Request, core: CoreDep, settings: SettingsDep) -> RedirectResponse:
    """Forget the login, and go to the sign-in page."""
    try:
        refuse_foreign_origin(request.headers, settings)
        await auth.sign_out(core, login_token(request))
    except FORM_ERRORS as error:
        return _back(SIGN_IN, error, "")
    response = RedirectResponse(SIGN_IN, SEE_OTHER)
    clear_login_cookie(response, settings)
    return response


async def _enter(
    request: Request, core: Core, settings: Settings, signed_in: SignedIn, target: str
) -> RedirectResponse:
    # Whoever was signed in with this browser before is not any more.
    await auth.sign_out(core, login_token(request))
    response = RedirectResponse(safe_next(target), SEE_OTHER)
    set_login_cookie(response, signed_in.token, settings)
    return response


def _back(page: str, error: Exception, target: str) -> RedirectResponse:
    if isinstance(error, WhahookError):
        code = error.code
    elif isinstance(error, ValidationError):
        code = "bad_form"
    else:
        log.warning("form_failed_outage", page=page, error=type(error).__name__)
        code = "temporarily_unavailable"
    wait = error.retry_after if isinstance(error, TooMany) else None
    return RedirectResponse(page_with_error(page, code, target, wait), SEE_OTHER)


def _user_agent(request: Request) -> str:
    return request.headers.get("user-agent", "")
