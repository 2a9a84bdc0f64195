"""Network namespaces of our own: hosts as if on machines of their own, with a cable that can be pulled."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from tests.servers.processes import start, stop

FIRST = "198.18"
"""From the addresses that are set aside for measuring networks (RFC 2544): nobody's."""


def why_not() -> str | None:
    """Return why there can be no namespaces here; None: there can."""
    if not sys.platform.startswith("linux") or os.geteuid() != 0:
        return "network namespaces need Linux and root"
    missing = [tool for tool in ("ip", "nsenter") if shutil.which(tool) is None]
    if missing:
        return f"network namespaces need {' and '.join(missing)} (iproute2, util-linux)"
    probe = f"wh{os.getpid()}-probe"
    made = subprocess.run(["ip", "netns", "add", probe], capture_output=True, text=True, timeout=10, check=False)
    if made.returncode != 0:
        return f"network namespaces cannot be made here: {made.stderr.strip()}"
    _ip("netns", "del", probe)
    return None


def _ip(*words: str) -> None:
    subprocess.run(["ip", *words], check=True, capture_output=True, timeout=10)


class Machine:
    """A namespace that reaches this machine by one cable, and nobody else.

    Attributes:
        gateway: the address of this machine as seen from there.
        enter: what stands before a command that is to run there.
    """

    def __init__(self, number: int) -> None:
        self._name = f"wh{os.getpid()}-{number}"
        self._cable = f"w{os.getpid()}n{number}"
        subnet = f"{FIRST}.{os.getpid() % 250}"
        self.gateway = f"{subnet}.{4 * number + 1}"
        self._address = f"{subnet}.{4 * number + 2}"
        self.enter = ("nsenter", f"--net=/run/netns/{self._name}")

    def make(self) -> None:
        """Make the namespace and its cable."""
        _ip("netns", "add", self._name)
        _ip("link", "add", self._cable, "type", "veth", "peer", "name", "cable", "netns", self._name)
        _ip("addr", "add", f"{self.gateway}/30", "dev", self._cable)
        _ip("link", "set", self._cable, "up")
        _ip("-n", self._name, "addr", "add", f"{self._address}/30", "dev", "cable")
        _ip("-n", self._name, "link", "set", "cable", "up")
        _ip("-n", self._name, "link", "set", "lo", "up")

    def remove(self) -> None:
        """Remove both."""
        subprocess.run(["ip", "netns", "del", self._name], capture_output=True, timeout=10, check=False)
        subprocess.run(["ip", "link", "del", self._cable], capture_output=True, timeout=10, check=False)

    def cut(self) -> None:
        """Pull the cable: what is sent is lost, and nobody is told."""
        _ip("link", "set", self._cable, "down")

    def mend(self) -> None:
        """Plug it in again."""
        _ip("link", "set", self._cable, "up")

    @contextmanager
    def has(self, port: int, socket: Path, log: Path) -> Iterator[None]:
        """Let what listens on a Unix socket here be on a port of its own loopback, whatever becomes of the cable."""
        carrier = start(
            [*self.enter, sys.executable, "-m", "tests.servers.carrier", str(port), str(socket)], env={}, log=log
        )
        try:
            yield
        finally:
            stop(carrier)


@contextmanager
def machines(count: int) -> Iterator[list[Machine]]:
    """Make machines, removed at the end."""
    with ExitStack() as stack:
        made = [Machine(number) for number in range(count)]
        for machine in made:
            stack.callback(machine.remove)
            machine.make()
        yield made
