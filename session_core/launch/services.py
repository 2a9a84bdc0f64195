"""The processes of WhaHook: which ones run here, and how each one is started."""

from __future__ import annotations

import os
import sys
from dataclasses import dataclass
from datetime import timedelta

from session_core.settings import Settings


@dataclass(frozen=True)
class Service:
    """One process.

    Attributes:
        name: stands in front of its lines.
        argv: the command line.
        stop_timeout: longest clean stop after SIGTERM; then it is killed.
        first: the others need it: it starts before them and ends after them.
    """

    name: str
    argv: tuple[str, ...]
    stop_timeout: timedelta = timedelta(seconds=10)
    first: bool = False


def _ours(name: str) -> tuple[str, ...]:
    return (sys.executable, "-m", "session_core", name)


VALKEY = Service("valkey", _ours("valkey"), first=True)
SANDBOX = Service("sandbox", _ours("sandbox"), stop_timeout=timedelta(seconds=5))
HOST = Service("host", _ours("host"), stop_timeout=timedelta(seconds=25))
"""It closes its browsers, so that their profiles are whole, and then stores their last backups."""
WORKER = Service("worker", _ours("worker"))
WEB = Service("web", _ours("web"))

SERVICES = (VALKEY, SANDBOX, HOST, WORKER, WEB)
"""All of them, in the order of the Procfile."""


def services(settings: Settings) -> list[Service]:
    """Return the processes that these settings ask for."""
    unwanted = set()
    if not settings.embedded_valkey:
        unwanted.add(VALKEY)
    if not settings.sandbox_enabled:
        unwanted.add(SANDBOX)
    return [service for service in SERVICES if service not in unwanted]


def service_environment(*, readable: bool) -> dict[str, str]:
    """Return the environment of the processes.

    Args:
        readable: somebody reads along on a terminal, so logs are lines for people unless the settings say otherwise.
    """
    environment = {**os.environ, "PYTHONUNBUFFERED": "1"}
    if readable:
        environment.setdefault("WHAHOOK_LOG_FORMAT", "console")
    return environment
