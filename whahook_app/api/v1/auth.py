"""Sign-up, sign-in, sign-out."""

from __future__ import annotations

from fastapi import APIRouter, Depends, Request, Response

from session_core.services import auth
from whahook_app.api.deps import AddressDep, CoreDep, SettingsDep, UserDep, login_token, own_origin
from whahook_app.api.responses import SIGNED_IN, problems
from whahook_app.api.schemas import SignIn, SignUp, User
from whahook_app.auth.cookie import clear_login_cookie, set_login_cookie

router = APIRouter(prefix="/auth", tags=["auth"])


@router.post(
    "/sign-up", status_code=201, dependencies=[Depends(own_origin)], responses=problems(403, 409, 422, 429, 503)
)
async def sign_up(
    body: SignUp, core: CoreDep, settings: SettingsDep, address: AddressDep, request: Request, response: Response
) -> User:
    """Make a user and sign them in: the answer sets the cookie."""
    signed_in = await auth.sign_up(
        core,
        email=body.email,
        password=body.password,
        name=body.name,
        address=address,
        user_agent=_user_agent(request),
    )
    set_login_cookie(response, signed_in.token, settings)
    return User.of(signed_in.principal)


@router.post("/sign-in", dependencies=[Depends(own_origin)], responses=problems(401, 403, 422, 429, 503))
async def sign_in(
    body: SignIn, core: CoreDep, settings: SettingsDep, address: AddressDep, request: Request, response: Response
) -> User:
    """Sign in: the answer sets the cookie."""
    signed_in = await auth.sign_in(
        core, email=body.email, password=body.password, address=address, user_agent=_user_agent(request)
    )
    set_login_cookie(response, signed_in.token, settings)
    return User.of(signed_in.principal)


@router.post("/sign-out", status_code=204, dependencies=[Depends(own_origin)], responses=problems(403, 503))
async def sign_out(core: CoreDep, settings: SettingsDep, request: Request, response: Response) -> None:
    """Forget the login in the cookie, here and in the browser. Without one nothing happens."""
    await auth.sign_out(core, login_token(request))
    clear_login_cookie(response, settings)


@router.get("/me", responses=SIGNED_IN)
async def me(who: UserDep) -> User:
    """Tell who is asking."""
    return User.of(who)


def _user_agent(request: Request) -> str:
    return request.headers.get("user-agent", "")
