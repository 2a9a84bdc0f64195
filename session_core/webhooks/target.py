"""Where a request may go.

A name is resolved here, every address it has is looked at, and the connection is made to exactly those addresses: a
name that means something else a moment later changes nothing.
"""

from __future__ import annotations

import asyncio
import socket
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from functools import lru_cache

import httpx

from session_core.domain.addresses import Address, is_public, literal
from session_core.domain.webhooks import Problem

RESOLVE_TIMEOUT = timedelta(seconds=5)

RESOLVERS = 32
"""Threads for names. Not the loop's own: a server that answers no name must not hold up what else needs a thread."""


class TargetError(Exception):
    """There is nothing to connect to, or it may not be."""

    def __init__(self, problem: Problem) -> None:
        super().__init__(problem.value)
        self.problem = problem


@lru_cache(maxsize=1)
def _threads() -> ThreadPoolExecutor:
    return ThreadPoolExecutor(RESOLVERS, thread_name_prefix="webhook-names")


async def addresses(host: str, *, allow_private: bool, timeout: timedelta = RESOLVE_TIMEOUT) -> list[Address]:
    """Return the addresses of a host, in the order in which they should be tried.

    Args:
        host: a name or an address, as a URL has it.
        allow_private: take any address.
        timeout: longest wait for the name.

    Raises:
        TargetError: `Problem.NAME`, or `Problem.FORBIDDEN` when any of its addresses is not public: no honest name
            has both.
    """
    address = literal(host)
    found = [address] if address is not None else await _resolve(host, timeout)
    if not allow_private and not all(is_public(each) for each in found):
        raise TargetError(Problem.FORBIDDEN)
    return found


async def _resolve(host: str, timeout: timedelta) -> list[Address]:
    loop = asyncio.get_running_loop()
    lookup = loop.run_in_executor(_threads(), lambda: socket.getaddrinfo(host, None, type=socket.SOCK_STREAM))
    try:
        answers = await asyncio.wait_for(lookup, timeout.total_seconds())
    except (OSError, UnicodeError, TimeoutError) as error:
        raise TargetError(Problem.NAME) from error
    found = [literal(str(sockaddr[0])) for *_, sockaddr in answers]
    addresses = list(dict.fromkeys(address for address in found if address is not None))
    if not addresses:
        raise TargetError(Problem.NAME)
    return addresses


class PinnedTransport(httpx.AsyncBaseTransport):
    """Connects to checked addresses only, under the name that the URL has (Host, SNI, certificate).

    Connections are not kept: one that was made for one name is never used for another on the same address.
    """

    def __init__(self, *, allow_private: bool) -> None:
        self._allow_private = allow_private
        self._inner = httpx.AsyncHTTPTransport(
            verify=httpx.create_ssl_context(), limits=httpx.Limits(max_connections=None, max_keepalive_connections=0)
        )

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Send a request to the first of the addresses that takes a connection.

        Raises:
            TargetError: see `addresses`.
        """
        host = request.url.raw_host.decode("ascii")
        found = await addresses(host, allow_private=self._allow_private)
        for address in found:
            pinned = httpx.Request(
                request.method,
                request.url.copy_with(host=str(address)),
                # The header Host is among them, with the name.
                headers=request.headers,
                stream=request.stream,
                extensions={**request.extensions, "sni_hostname": host},
            )
            try:
                return await self._inner.handle_async_request(pinned)
            except (httpx.ConnectError, httpx.ConnectTimeout):
                if address == found[-1]:
                    raise
        raise TargetError(Problem.NAME)

    async def aclose(self) -> None:
        """Close what is open."""
        await self._inner.aclose()
