"""The copy of the built pages that one web process serves, with the public address in the place of the placeholder."""

from __future__ import annotations

import gzip
import hashlib
import os
import shutil
import tempfile
from contextlib import suppress
from pathlib import Path
from urllib.parse import urlsplit

from session_core.errors import FatalError
from session_core.launch.frontend import PLACEHOLDER, STAMP

PARTS = ("build/client", "backend", "routes.json", "env.json", "reflex.json")
"""What Reflex reads at run time of its ``.web`` folder; the rest belongs to the build."""

KEEP = 3
"""Copies that stay: a web process with the one before may still run while it is replaced."""

_TEXT = frozenset({".js", ".mjs", ".html", ".json", ".css", ".txt", ".webmanifest"})


def prepare_site(web: Path, copies: Path, public_url: str) -> Path:
    """Return a folder like ``.web`` whose pages talk to ``public_url``.

    Args:
        web: the ``.web`` folder with a finished build.
        copies: folder for the copies; made when it is missing.
        public_url: address that people open, e.g. ``https://wa.example.com``.

    Raises:
        FatalError: there is no build, or it has no placeholder in it (a build that was not ours).
    """
    stamp = web / STAMP
    if not stamp.is_file():
        raise FatalError("The pages are not built.", code="no_pages", action="Run `make run`, or `make build`.")
    digest = hashlib.sha256(f"{stamp.read_text()}\0{public_url}".encode()).hexdigest()[:16]
    target = copies / digest
    if not target.is_dir():
        _make(web, copies, target, public_url)
    os.utime(target)
    _prune(copies)
    return target


def _make(web: Path, copies: Path, target: Path, public_url: str) -> None:
    copies.mkdir(parents=True, exist_ok=True)
    fresh = Path(tempfile.mkdtemp(prefix=".new-", dir=copies))
    try:
        for name in PARTS:
            source = web / name
            if source.is_dir():
                shutil.copytree(source, fresh / name)
            elif source.is_file():
                shutil.copy2(source, fresh / name)
        if not _replace_address(fresh, public_url):
            raise FatalError(
                "The built pages are not ours.", code="foreign_pages", action="Delete .web and start again."
            )
        fresh.chmod(0o755)
        with suppress(FileExistsError, OSError):
            fresh.rename(target)  # somebody else may have been faster with the very same thing
    finally:
        shutil.rmtree(fresh, ignore_errors=True)


def _replace_address(folder: Path, public_url: str) -> int:
    """Put ``public_url`` into the text files below ``folder``; return how many of them changed."""
    parts = urlsplit(public_url)
    websocket = "wss" if parts.scheme == "https" else "ws"
    changes = {
        f"http://{PLACEHOLDER}": f"{parts.scheme}://{parts.netloc}",
        f"ws://{PLACEHOLDER}": f"{websocket}://{parts.netloc}",
    }
    changed = 0
    for path in folder.rglob("*"):
        if path.suffix not in _TEXT or not path.is_file():
            continue
        before = path.read_text(encoding="utf-8")
        after = before
        for old, new in changes.items():
            after = after.replace(old, new)
        if after == before:
            continue
        path.write_text(after, encoding="utf-8")
        compressed = path.with_name(path.name + ".gz")
        if compressed.is_file():
            compressed.write_bytes(gzip.compress(after.encode(), mtime=0))
        changed += 1
    return changed


def _prune(copies: Path) -> None:
    made = [path for path in copies.iterdir() if path.is_dir() and not path.name.startswith(".")]
    for old in sorted(made, key=lambda path: path.stat().st_mtime, reverse=True)[KEEP:]:
        shutil.rmtree(old, ignore_errors=True)
