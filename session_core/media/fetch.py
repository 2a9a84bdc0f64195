"""A file by its address: from the public network only, straight, and not longer than allowed."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from urllib.parse import unquote

import httpx

from session_core.domain.webhooks import Problem
from session_core.errors import PolicyError
from session_core.webhooks.target import PinnedTransport, TargetError

_STEP_TIMEOUT = httpx.Timeout(20, connect=10)
_FILENAME = re.compile(r"""filename\*=(?:UTF-8|utf-8)''([^;\s]+)|filename="([^"]*)"|filename=([^;\s]+)""")


@dataclass(frozen=True, slots=True)
class Fetched:
    """A file that is on its way. ``filename`` is what its server calls it."""

    filename: str | None
    pieces: AsyncIterator[bytes]


@asynccontextmanager
async def fetch(url: str, *, timeout: timedelta, allow_private: bool) -> AsyncIterator[Fetched]:
    """Ask for the file at ``url``; its bytes come while they are read.

    Private addresses are refused after the name is resolved, and the connection goes to the checked address itself.
    Redirects are not followed: each would be another address to trust.

    Args:
        url: http or https, without a password in it.
        timeout: for all of it.
        allow_private: take any address.

    Raises:
        PolicyError: 422 ``media_url_bad``, ``media_url_forbidden`` or ``media_url_failed``.
    """
    where = _parsed(url)
    # Nothing that could be taken for ours goes with it: no key, no cookie, no proxy of the environment.
    client = httpx.AsyncClient(
        transport=PinnedTransport(allow_private=allow_private),
        timeout=_STEP_TIMEOUT,
        follow_redirects=False,
        trust_env=False,
        headers={"Accept-Encoding": "identity", "User-Agent": "WhaHook"},
    )
    try:
        async with asyncio.timeout(timeout.total_seconds()), client, client.stream("GET", where) as answer:
            if answer.status_code != httpx.codes.OK:
                raise _failed(f"The address answered {answer.status_code}.")
            yield Fetched(_name(answer, where), answer.aiter_raw())
    except TargetError as error:
        if error.problem is Problem.FORBIDDEN:
            raise PolicyError(
                "The address leads into a private network.",
                code="media_url_forbidden",
                action="Use a public address, or upload the file.",
                status_code=422,
            ) from error
        raise _failed("The address has no server.") from error
    except (TimeoutError, httpx.HTTPError) as error:
        # Only the kind: an error's text may repeat the address.
        raise _failed(f"The file could not be fetched ({type(error).__name__}).") from error


def _parsed(url: str) -> httpx.URL:
    try:
        where = httpx.URL(url)
        good = where.scheme in {"http", "https"} and bool(where.host) and not where.userinfo
        good = good and (where.port is None or 0 < where.port < 65536)
    except (httpx.InvalidURL, ValueError):
        good = False
    if not good:
        raise PolicyError(
            "This is no address of a file.",
            code="media_url_bad",
            action="Use http:// or https://, without a name and password in it.",
            status_code=422,
        )
    return where


def _failed(why: str) -> PolicyError:
    return PolicyError(
        why, code="media_url_failed", action="Check that the address opens the file itself.", status_code=422
    )


def _name(answer: httpx.Response, where: httpx.URL) -> str | None:
    found = _FILENAME.search(answer.headers.get("content-disposition", ""))
    if found is not None:
        coded, quoted, bare = found.groups()
        return unquote(coded) if coded is not None else quoted or bare
    return where.path.rpartition("/")[2] or None
