"""The build of the pages: made once, made again only when something that it is made from changed.

The address of the backend ends up inside the built JavaScript. We build with an address that cannot exist
(`PLACEHOLDER`), and each web process serves a copy in which it is replaced by the public address (see
`session_core.launch.site`). So one build serves any port, and a server that runs is not disturbed by a new build.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

from session_core.errors import FatalError
from session_core.launch.locks import try_lock
from session_core.launch.progress import ProgressLine, run_step

PLACEHOLDER = "whahook-backend.invalid"
"""Host name in the built pages (RFC 2606: no such host can exist)."""

STAMP = ".whahook-build"
ANSWER_TIMEOUT = timedelta(seconds=30)
BUILD_TIMEOUT = timedelta(minutes=10)
LOCK_TIMEOUT = timedelta(minutes=12)
"""Above `BUILD_TIMEOUT`: whoever waits for another builder must not give up before that one did."""

SOURCES = (
    "whahook_app",
    "assets",
    "reflex.lock",
    "session_core/services",
    "session_core/domain",
    "session_core/settings",
    "session_core/launch/frontend.py",
    "rxconfig.py",
    "package-lock.json",
    "requirements.txt",
)
_NOT_SOURCES = ("__pycache__", "external")
"""Folders inside `SOURCES` that are made, not written: byte code, and the links that Reflex puts into ``assets``."""


def project_root() -> Path:
    """Return the folder that holds ``rxconfig.py`` and the packages."""
    return Path(__file__).resolve().parents[2]


def fingerprint(root: Path) -> str:
    """Return a digest of everything that the built pages depend on."""
    digest = hashlib.sha256()
    for path in _source_files(root):
        # Lengths in between: moving a byte from one file to the next must not give the same digest.
        name, content = path.relative_to(root).as_posix().encode(), path.read_bytes()
        digest.update(b"%d:%s%d:" % (len(name), name, len(content)) + content)
    return digest.hexdigest()


def _source_files(root: Path) -> Iterator[Path]:
    for source in SOURCES:
        path = root / source
        if path.is_file():
            yield path
        for found in sorted(path.rglob("*")):
            if found.is_file() and not any(part in _NOT_SOURCES for part in found.relative_to(root).parts):
                yield found


def is_fresh(root: Path) -> bool:
    """Whether the build is there and made from the sources as they are."""
    stamp = root / ".web" / STAMP
    built = (root / ".web" / "build" / "client" / "index.html").is_file() and stamp.is_file()
    return built and stamp.read_text().strip() == fingerprint(root)


def ensure_frontend(root: Path | None = None) -> None:
    """Build the pages unless they are fresh. Several processes may call it at once: one builds, the others wait.

    Raises:
        FatalError: the build failed; the message ends with its last lines.
    """
    folder = project_root() if root is None else root
    if is_fresh(folder):
        return
    with _only_one_builder(folder):
        if not is_fresh(folder):  # another one may just have built it
            build(folder)


def build(root: Path) -> None:
    """Build the pages now.

    Raises:
        FatalError: the build failed, or there is no bun.
    """
    bun = find_bun(root)
    stamp = root / ".web" / STAMP
    stamp.unlink(missing_ok=True)
    run_step(
        "Building the pages (once; again only when their sources change)",
        [sys.executable, "-m", "reflex", "export", "--no-zip", "--frontend-only"],
        env=build_environment(root, bun),
        cwd=root,
        timeout=BUILD_TIMEOUT,
    )
    # After the build, which may have written reflex.lock. Renamed into place: a half-written stamp is no stamp.
    fresh = stamp.with_suffix(".new")
    fresh.write_text(fingerprint(root) + "\n")
    fresh.replace(stamp)


def find_bun(root: Path) -> Path:
    """Return the bun that npm brought.

    It lies in the package for this kind of machine; of several, the one that runs. Where the install script of ``bun``
    has run (``.npmrc`` forbids it), that has moved it into its own folder, where otherwise there is only a text.

    Raises:
        FatalError: there is none.
    """
    packages = root / "node_modules"
    for candidate in [*sorted(packages.glob("@oven/bun-*/bin/bun")), packages / ".bin" / "bun"]:
        if _runs(candidate):
            return candidate
    raise FatalError(
        "The builder of the pages (bun) is missing.",
        code="no_bun",
        action="Run `make setup`, with Node.js 18 or newer.",
    )


def _runs(program: Path) -> bool:
    try:
        done = subprocess.run(  # noqa: S603 - of a package in our lock file
            [program, "--version"], capture_output=True, timeout=ANSWER_TIMEOUT.total_seconds(), check=False
        )
    except (OSError, subprocess.TimeoutExpired):
        return False
    return done.returncode == 0


def build_environment(root: Path, bun: Path) -> dict[str, str]:
    """Return the environment of the build: our bun, no telemetry, no search for registries, a placeholder address."""
    environment = {
        **os.environ,
        "PATH": f"{bun.parent}{os.pathsep}{os.environ.get('PATH', os.defpath)}",
        "REFLEX_USE_SYSTEM_BUN": "1",
        "REFLEX_TELEMETRY_ENABLED": "false",
        "REFLEX_CHECK_LATEST_VERSION": "false",
        "REFLEX_API_URL": f"http://{PLACEHOLDER}",
        "REFLEX_ENV_MODE": "prod",
    }
    if registry := npm_registry(root):
        environment["NPM_CONFIG_REGISTRY"] = registry
    return environment


def npm_registry(root: Path) -> str | None:
    """Return the registry that npm is set to; without it Reflex would try out a list of its own."""
    npm = shutil.which("npm")
    if npm is None:
        return None
    done = subprocess.run(  # noqa: S603 - npm, no shell
        [npm, "config", "get", "registry"],
        cwd=root,
        capture_output=True,
        text=True,
        timeout=ANSWER_TIMEOUT.total_seconds(),
        check=False,
    )
    address = done.stdout.strip()
    return address if address.startswith("http") else None


@contextmanager
def _only_one_builder(root: Path) -> Iterator[None]:
    # Not inside .web, which the build may empty.
    path = root / "node_modules" / ".whahook-build.lock"
    path.parent.mkdir(parents=True, exist_ok=True)
    descriptor = try_lock(path)
    if descriptor is None:
        descriptor = _wait_for_lock(path)
    try:
        yield
    finally:
        os.close(descriptor)


def _wait_for_lock(path: Path) -> int:
    line, pause = ProgressLine("Another process builds the pages, waiting for it"), threading.Event()
    while line.seconds < LOCK_TIMEOUT.total_seconds():
        descriptor = try_lock(path)
        if descriptor is not None:
            line.end()
            return descriptor
        line.tick()
        pause.wait(0.2)
    line.end("gave up")
    raise FatalError(
        "Another process has been building the pages for too long.",
        code="build_locked",
        action="End it, then try again.",
    )
