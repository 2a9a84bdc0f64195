"""Where a request really comes from: the limit on failed sign-ins hangs on it."""

from __future__ import annotations

import ipaddress

from starlette.requests import HTTPConnection

UNKNOWN = "unknown"


def client_address(connection: HTTPConnection, hops: int) -> str:
    """Return the address of whoever sent the request.

    Args:
        connection: the request.
        hops: how many proxies of ours stand in front (`Settings.trusted_proxy_hops`). Each appends the address that it
            saw to ``X-Forwarded-For``, so the entry this many from the end was written by our outermost proxy. What
            stands further left was sent by the client and proves nothing.

    Returns:
        An IPv4 address, or the /64 network of an IPv6 address (one customer has at least that many addresses), or
        ``"unknown"``.
    """
    peer = connection.client.host if connection.client is not None else ""
    if hops > 0:
        forwarded = [part.strip() for line in connection.headers.getlist("x-forwarded-for") for part in line.split(",")]
        if len(forwarded) >= hops:
            peer = forwarded[-hops]
    return _normal(peer)


def _normal(text: str) -> str:
    try:
        address = ipaddress.ip_address(text.strip("[]").partition("%")[0])
    except ValueError:
        return UNKNOWN
    if isinstance(address, ipaddress.IPv6Address):
        if address.ipv4_mapped is not None:
            return str(address.ipv4_mapped)
        return str(ipaddress.ip_network((address, 64), strict=False))
    return str(address)
