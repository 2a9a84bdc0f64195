from __future__ import annotations

import pytest
from starlette.requests import HTTPConnection

from whahook_app.auth.address import client_address


def connection(peer: str | None, *forwarded: str) -> HTTPConnection:
    return HTTPConnection(
        {
            "type": "http",
            "client": (peer, 1234) if peer else None,
            "headers": [(b"x-forwarded-for", line.encode()) for line in forwarded],
        }
    )


@pytest.mark.parametrize(
    ("peer", "forwarded", "hops", "address"),
    [
        ("203.0.113.9", (), 0, "203.0.113.9"),
        ("203.0.113.9", ("198.51.100.1",), 0, "203.0.113.9"),
        ("10.0.0.1", ("198.51.100.1",), 1, "198.51.100.1"),
        ("10.0.0.1", ("1.1.1.1, 198.51.100.1",), 1, "198.51.100.1"),
        ("10.0.0.1", ("1.1.1.1", "198.51.100.1"), 1, "198.51.100.1"),
        ("10.0.0.1", ("1.1.1.1, 198.51.100.1, 10.0.0.2",), 2, "198.51.100.1"),
        ("10.0.0.1", (), 1, "10.0.0.1"),
        ("10.0.0.1", ("not an address",), 1, "unknown"),
        (None, (), 0, "unknown"),
        ("2001:db8:1:2:aaaa::1", (), 0, "2001:db8:1:2::/64"),
        ("::ffff:203.0.113.9", (), 0, "203.0.113.9"),
        ("fe80::1%eth0", (), 0, "fe80::/64"),
    ],
)
def test_the_real_address(peer: str | None, forwarded: tuple[str, ...], hops: int, address: str) -> None:
    assert client_address(connection(peer, *forwarded), hops) == address
