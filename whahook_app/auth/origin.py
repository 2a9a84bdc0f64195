"""Does a request that changes something come from our own pages? Cookies travel with requests that others cause."""

from __future__ import annotations

from collections.abc import Mapping

from session_core.errors import PolicyError
from session_core.settings import Settings

SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})
"""They change nothing here, and their answers cannot be read from another origin."""


def is_own_origin(headers: Mapping[str, str], settings: Settings) -> bool:
    """Tell whether our own pages sent the request, or a program that is no browser.

    Browsers say where a request comes from: ``Sec-Fetch-Site`` (over https and on localhost) and ``Origin`` (with
    every request that is not GET or HEAD). A request with neither comes from a program, and a program sends a cookie
    only when its owner wants it to.

    Args:
        headers: of the request, names in any case.
        settings: of this process; our origins are `Settings.own_origins`.
    """
    site, origin = headers.get("sec-fetch-site"), headers.get("origin")
    if site == "same-origin":
        return True
    if origin is not None:
        # Also with Sec-Fetch-Site "same-site": another port or subdomain counts only when it is named.
        return origin in settings.own_origins
    return site in {None, "none"}


def refuse_foreign_origin(headers: Mapping[str, str], settings: Settings) -> None:
    """Do nothing for our own pages and for programs.

    Raises:
        PolicyError: 403 ``foreign_origin`` for everybody else.
    """
    if not is_own_origin(headers, settings):
        raise PolicyError(
            "This request comes from another site.",
            code="foreign_origin",
            action="Use the page at its own address (WHAHOOK_PUBLIC_URL), or send an API key.",
            status_code=403,
        )
