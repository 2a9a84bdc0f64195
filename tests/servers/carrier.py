"""A program: carries a TCP port of its own loopback to a Unix socket. Run inside of a network namespace."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path

from tests.servers.relay import running_relay


async def main(port: int, socket: Path) -> None:
    """Carry until the process is ended."""
    async with running_relay(socket, port=port):
        await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(main(int(sys.argv[1]), Path(sys.argv[2])))
