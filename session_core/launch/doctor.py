"""``python -m session_core doctor``: what this machine has, what is missing and what to do. It changes nothing."""

from __future__ import annotations

import asyncio
import platform
import shutil
import subprocess
import sys
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from session_core.browser.find import find_chromium, is_headless_shell
from session_core.browser.isolation import chromium_sandbox_enabled
from session_core.errors import FatalError, WhahookError
from session_core.launch.chromium_setup import chromium_version
from session_core.launch.preflight import addresses, check_free, is_running
from session_core.launch.valkey import server_binary, wait_for_valkey
from session_core.settings import Settings
from session_core.settings.misspelt import misspelt_settings

ANSWER_TIMEOUT = timedelta(seconds=5)
OLDEST_PYTHON = (3, 11)
OLDEST_NODE = 18
ENOUGH_DISK = 2 << 30
"""Bytes: the packages, the build, and the profiles of a few accounts (up to 300 MB each)."""


@dataclass(frozen=True)
class Finding:
    """One line of the table.

    Attributes:
        what: what was looked at.
        fine: whether it is as it should be.
        found: what there is.
        hint: what to do; empty when nothing has to be done.
    """

    what: str
    fine: bool
    found: str
    hint: str = ""


async def examine(settings: Settings) -> list[Finding]:
    """Look at everything; a check that fails becomes a line, never an error."""
    findings = [check_python(), check_node(), check_settings()]
    findings += [await asyncio.to_thread(check, settings) for check in (check_chromium, check_isolation, check_disk)]
    findings += [await check_redis(settings), await check_database(settings)]
    return findings + check_ports(settings)


def table(findings: list[Finding], *, hints: bool = True) -> str:
    """Return the findings as text, one line each, with the hint below what is wrong."""
    width = max(len(finding.what) for finding in findings)
    lines = []
    for finding in findings:
        lines.append(f"{'ok   ' if finding.fine else 'WRONG'}  {finding.what.ljust(width)}  {finding.found}")
        if hints and finding.hint:
            lines.append(f"       {' ' * width}  -> {finding.hint}")
    return "\n".join(lines)


def check_python() -> Finding:
    """The interpreter that runs this."""
    wanted = ".".join(str(part) for part in OLDEST_PYTHON)
    fine = sys.version_info[:2] >= OLDEST_PYTHON
    return Finding("Python", fine, platform.python_version(), "" if fine else f"Python {wanted} or newer is needed.")


def check_settings() -> Finding:
    """Variables that are meant as settings and are none."""
    found = misspelt_settings()
    if not found:
        return Finding("Settings", True, "every WHAHOOK_ variable is known")
    said = " ".join(str(one) for one in found)
    return Finding("Settings", False, said, "Correct or remove them; .env.example names every setting.")


def check_node() -> Finding:
    """Node, which npm needs; nothing of it runs later."""
    node = shutil.which("node")
    hint = f"Install Node.js {OLDEST_NODE} or newer: npm fetches the page library and the builder of the pages."
    if node is None:
        return Finding("Node.js", False, "not found", hint)
    done = subprocess.run(  # noqa: S603 - the node on PATH
        [node, "--version"], capture_output=True, text=True, timeout=ANSWER_TIMEOUT.total_seconds(), check=False
    )
    version = done.stdout.strip().removeprefix("v")
    fine = version.partition(".")[0].isdigit() and int(version.partition(".")[0]) >= OLDEST_NODE
    return Finding("Node.js", fine, version or "does not run", "" if fine else hint)


def check_chromium(settings: Settings) -> Finding:
    """The browser that will be launched, and whether it runs."""
    try:
        path = find_chromium(settings)
    except FatalError as error:
        return Finding("Chromium", False, error.message, error.action)
    version = chromium_version(path)
    if version is None:
        return Finding("Chromium", False, f"{path} does not run", "A system library is missing: run `make setup`.")
    advice = (
        "" if is_headless_shell(path) else "The headless shell would take less memory: `make setup` can install it."
    )
    return Finding("Chromium", True, f"{version} ({path})", advice)


def check_isolation(settings: Settings) -> Finding:
    """The wall around a page. Off is allowed and worth knowing."""
    isolation = chromium_sandbox_enabled(settings)
    hint = "" if isolation.enabled else "Run the host as an ordinary user on a system with user namespaces."
    return Finding("Chromium's sandbox", True, f"{'on' if isolation.enabled else 'OFF'}: {isolation.reason}", hint)


def check_disk(settings: Settings) -> Finding:
    """Free space where the data folder is or will be."""
    folder = settings.data_dir.absolute()
    while not folder.exists():
        folder = folder.parent
    free = shutil.disk_usage(folder).free
    fine = free >= ENOUGH_DISK
    hint = "" if fine else f"Plan 300 MB for each account, or set WHAHOOK_DATA_DIR to a larger disk than {folder}."
    return Finding("Disk", fine, f"{free / (1 << 30):.1f} GB free", hint)


def _embedded_valkey() -> Finding:
    try:
        server_binary()
    except FatalError as error:
        return Finding("Redis", False, error.message, error.action)
    return Finding("Redis", True, "embedded Valkey, starts with the rest")


async def check_redis(settings: Settings) -> Finding:
    """The server at ``REDIS_URL``, or the program that we start when it is not set."""
    if settings.embedded_valkey and not settings.valkey_socket.exists():
        return _embedded_valkey()
    try:
        await wait_for_valkey(settings.redis_url, ANSWER_TIMEOUT)
    except WhahookError as error:
        return Finding("Redis", False, error.message, error.action)
    return Finding("Redis", True, "embedded, answers" if settings.embedded_valkey else "answers")


def _not_made_yet(database_url: str) -> bool:
    scheme, _, path = database_url.partition("///")
    return scheme.startswith("sqlite") and not Path(path).exists()


async def check_database(settings: Settings) -> Finding:
    """Whether the database answers and has today's tables."""
    from session_core.store.migrate import is_current

    if _not_made_yet(settings.database_url):
        return Finding("Database", True, "SQLite, is made at the first start")
    try:
        async with asyncio.timeout(ANSWER_TIMEOUT.total_seconds()):
            current = await is_current(settings.database_url)
    except Exception as error:  # any driver's error means the same here, and its text may hold the password
        return Finding("Database", False, f"does not answer ({type(error).__name__})", "Check DATABASE_URL.")
    hint = "" if current else "Run `python -m session_core migrate`."
    return Finding("Database", current, "answers" if current else "answers, its tables are not of this version", hint)


def check_ports(settings: Settings) -> list[Finding]:
    """The ports that we will listen on; while WhaHook runs here they are rightly taken."""
    running = is_running(settings.data_dir.absolute())
    findings = []
    for address in addresses(settings):
        try:
            check_free(address)
        except FatalError as error:
            mine = Finding(f"Port {address.port}", True, "in use, WhaHook runs")
            other = Finding(f"Port {address.port}", False, error.message, error.action)
            findings.append(mine if running else other)
        else:
            findings.append(Finding(f"Port {address.port}", True, "free"))
    return findings
