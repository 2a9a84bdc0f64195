"""What routes ask for: the core, who asks, and where from."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated

from fastapi import Depends, Request, Security
from fastapi.security import APIKeyCookie, APIKeyHeader

from session_core.errors import TransientError, Unauthenticated
from session_core.services import principal
from session_core.services.live import Core
from session_core.services.principal import Principal
from session_core.settings import Settings
from whahook_app.auth.address import client_address
from whahook_app.auth.cookie import token_from_cookie_header
from whahook_app.auth.origin import SAFE_METHODS, refuse_foreign_origin


@dataclass(frozen=True, slots=True)
class Context:
    """What the application was made with; it hangs on ``app.state.context``."""

    get_core: Callable[[], Core]
    settings: Settings

    def core(self) -> Core:
        """Return the process's core.

        Raises:
            TransientError: the server is starting or stopping.
        """
        try:
            return self.get_core()
        except RuntimeError as error:
            raise TransientError("The server is starting.", code="starting", action="Try again.") from error


def _context(request: Request) -> Context:
    context: Context = request.app.state.context
    return context


def _core(request: Request) -> Core:
    return _context(request).core()


def _settings(request: Request) -> Settings:
    return _context(request).settings


def _address(request: Request) -> str:
    return client_address(request, _context(request).settings.trusted_proxy_hops)


def own_origin(request: Request) -> None:
    """Refuse what another site's page sends in a person's name."""
    if request.method not in SAFE_METHODS:
        refuse_foreign_origin(request.headers, _settings(request))


_BY_KEY = APIKeyHeader(name="X-API-Key", scheme_name="apiKey", auto_error=False)
_BY_COOKIE = APIKeyCookie(name="wh_session", scheme_name="cookie", auto_error=False)


async def _user(
    request: Request,
    # For the description only: they take an empty header for none, and know one name of the cookie.
    _key: Annotated[str | None, Security(_BY_KEY)],
    _cookie: Annotated[str | None, Security(_BY_COOKIE)],
) -> Principal:
    core = _core(request)
    key = request.headers.get("x-api-key")
    if key is not None:
        # A wrong key is an error even beside a good cookie: whoever sends one means it.
        who = await principal.from_api_key(core, key)
    else:
        who = await principal.from_cookie(core, login_token(request))
        if who is not None:
            own_origin(request)
    if who is None:
        raise Unauthenticated
    return who


def login_token(request: Request) -> str | None:
    """Return the token in the request's cookie."""
    return token_from_cookie_header(request.headers.get("cookie"), _settings(request))


CoreDep = Annotated[Core, Depends(_core)]
SettingsDep = Annotated[Settings, Depends(_settings)]
AddressDep = Annotated[str, Depends(_address)]
UserDep = Annotated[Principal, Depends(_user)]
"""Whoever asks, by key or cookie; 401 for nobody, 403 for another site's page."""
