"""The login's cookie. JavaScript cannot read it, other sites cannot use it, and it holds nothing but a random token."""

from __future__ import annotations

from datetime import timedelta

from starlette.requests import cookie_parser
from starlette.responses import Response

from session_core.settings import Settings, get_settings

_NAME = "wh_session"


def is_secure(settings: Settings) -> bool:
    """Tell whether people open us over https, so that the cookie must never travel without it."""
    return settings.public_url.startswith("https://")


def cookie_name(settings: Settings) -> str:
    """Return the cookie's name.

    Over https it has the prefix ``__Host-``: browsers then refuse one that a neighbour (another subdomain, plain http)
    tries to set in our place.
    """
    return f"__Host-{_NAME}" if is_secure(settings) else _NAME


def set_login_cookie(response: Response, token: str, settings: Settings) -> None:
    """Have the browser keep the login for as long as the login itself lives."""
    _set(response, token, settings.login_lifetime, settings)


def clear_login_cookie(response: Response, settings: Settings) -> None:
    """Have the browser forget the login; call `session_core.services.auth.sign_out` as well."""
    _set(response, "", timedelta(0), settings)


def _set(response: Response, value: str, lifetime: timedelta, settings: Settings) -> None:
    response.set_cookie(
        cookie_name(settings),
        value,
        max_age=int(lifetime.total_seconds()),
        path="/",
        secure=is_secure(settings),
        httponly=True,
        samesite="lax",
    )


def token_from_cookie_header(header: str | None, settings: Settings | None = None) -> str | None:
    """Return the login's token out of a ``Cookie`` header, None when there is none.

    The token proves nothing by itself: `session_core.services.principal.from_cookie` says whose it is, and whether it
    still counts. In a page's state: ``token_from_cookie_header(self.router.headers.cookie)``.

    Args:
        header: the whole header, e.g. ``"lang=es; wh_session=..."``.
        settings: of the process, when they are not those of the environment.
    """
    if not header:
        return None
    return cookie_parser(header).get(cookie_name(settings or get_settings())) or None
