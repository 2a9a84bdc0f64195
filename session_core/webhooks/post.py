"""One try: a POST, and whatever may come of it."""

from __future__ import annotations

import asyncio
import ssl
import time
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta

import httpx

from session_core.domain.text import storable
from session_core.domain.webhooks import Problem
from session_core.webhooks.target import PinnedTransport, TargetError

MAX_RESPONSE = 1024
"""Bytes of an answer that are read and kept."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What came of a try. ``status_code`` is None when there was no answer, ``response`` the beginning of its body."""

    problem: Problem
    duration: timedelta
    status_code: int | None = None
    response: str = ""
    retry_after: timedelta | None = None

    @property
    def delivered(self) -> bool:
        """The endpoint said yes."""
        return self.problem is Problem.NONE


class Poster:
    """Sends requests: no redirects, no proxies from the environment, no cookies, nothing unpacked."""

    def __init__(self, *, allow_private: bool, timeout: timedelta) -> None:
        self._timeout = timeout
        self._client = httpx.AsyncClient(
            transport=PinnedTransport(allow_private=allow_private),
            # The limit of the whole is ours, below; httpx has one for each step only.
            timeout=timeout.total_seconds(),
            follow_redirects=False,
            trust_env=False,
        )

    async def post(self, url: str, body: bytes, headers: Mapping[str, str]) -> Answer:
        """Send ``body`` and wait for the answer; never raises for what the endpoint does."""
        began = time.monotonic()
        response: httpx.Response | None = None
        problem, text = Problem.NONE, b""
        try:
            async with asyncio.timeout(self._timeout.total_seconds()):
                request = self._client.build_request("POST", url, content=body, headers=self._headers(headers))
                response = await self._client.send(request, stream=True)
                text = await _beginning(response)
        except TargetError as error:
            problem = error.problem
        except (TimeoutError, httpx.TimeoutException):
            problem = Problem.TIMEOUT
        except httpx.ConnectError as error:
            problem = _why_not_connected(error)
        except (httpx.HTTPError, httpx.InvalidURL, UnicodeError):
            problem = Problem.CONNECTION
        finally:
            if response is not None:
                await response.aclose()
        duration = timedelta(seconds=time.monotonic() - began)
        if response is None:
            return Answer(problem, duration)
        # Once there is a status, the endpoint has had the event; a body that never ends changes nothing.
        return Answer(
            _judge(response.status_code),
            duration,
            status_code=response.status_code,
            response=storable(text.decode(errors="replace")),
            retry_after=_retry_after(response.headers.get("retry-after")),
        )

    async def close(self) -> None:
        """Close what is open."""
        await self._client.aclose()

    @staticmethod
    def _headers(more: Mapping[str, str]) -> dict[str, str]:
        return {
            "Content-Type": "application/json",
            "User-Agent": "WhaHook-Webhooks/1",
            "Accept": "*/*",
            "Accept-Encoding": "identity",
            "Connection": "close",
            **more,
        }


async def _beginning(response: httpx.Response) -> bytes:
    text = b""
    try:
        async for piece in response.aiter_raw():
            text += piece
            if len(text) >= MAX_RESPONSE:
                break
    except httpx.HTTPError:
        # Cut in the middle: the status is what counts.
        return text[:MAX_RESPONSE]
    return text[:MAX_RESPONSE]


def _judge(status_code: int) -> Problem:
    if 200 <= status_code < 300:
        return Problem.NONE
    return Problem.REDIRECT if 300 <= status_code < 400 else Problem.STATUS


def _why_not_connected(error: BaseException) -> Problem:
    cause: BaseException | None = error
    while cause is not None:
        if isinstance(cause, ssl.SSLError):
            return Problem.TLS
        if isinstance(cause, ConnectionRefusedError):
            return Problem.REFUSED
        cause = cause.__cause__ or cause.__context__
    return Problem.CONNECTION


def _retry_after(value: str | None) -> timedelta | None:
    """Read the header's seconds; its other form, a date, is rare, and then the pause is ours."""
    return timedelta(seconds=int(value)) if value is not None and value.isdigit() and len(value) < 8 else None
