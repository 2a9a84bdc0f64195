"""The web process: granian with the pages, the REST API and Socket.IO on one port.

One worker on purpose: Socket.IO's long-polling breaks with more. The two ``__REFLEX_`` variables are what
``reflex run`` sets itself; they are why Reflex is pinned exactly. No access log: the address of the pages' websocket
carries a token.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import NoReturn

from session_core.errors import FatalError
from session_core.launch.frontend import project_root
from session_core.launch.parent import exec_following_parent
from session_core.launch.site import prepare_site
from session_core.settings import Settings

KILL_TIMEOUT_SECONDS = 5
"""A worker that does not end by itself after SIGTERM (open websockets) is ended after this."""


def web_environment(settings: Settings, site: Path) -> dict[str, str]:
    """Return the environment of granian.

    Args:
        settings: of this process.
        site: the folder that `prepare_site` made.
    """
    return {
        **os.environ,
        "REFLEX_ENV_MODE": "prod",
        "__REFLEX_SKIP_COMPILE": "true",
        "__REFLEX_MOUNT_FRONTEND_COMPILED_APP": "true",
        "REFLEX_TELEMETRY_ENABLED": "false",
        "REFLEX_CHECK_LATEST_VERSION": "false",
        "REFLEX_WEB_WORKDIR": str(site),
        "REFLEX_API_URL": settings.public_url,
        "REFLEX_REDIS_URL": settings.redis_url,
        "REFLEX_CORS_ALLOWED_ORIGINS": ",".join(settings.own_origins),
        "REFLEX_TRUSTED_PROXY_HOPS": str(settings.trusted_proxy_hops),
    }


def web_command(settings: Settings) -> list[str]:
    """Return the command line of granian."""
    return [
        sys.executable,
        *("-m", "granian"),
        *("--interface", "asgi"),
        "--factory",
        *("--host", settings.host),
        *("--port", str(settings.port)),
        *("--workers", "1"),
        "--respawn-failed-workers",
        *("--workers-kill-timeout", str(KILL_TIMEOUT_SECONDS)),
        "--no-access-log",
        *("--log-level", "warning"),
        "whahook_app.whahook_app:app",
    ]


def run_web(settings: Settings) -> NoReturn:
    """Become granian, in the foreground, until SIGTERM.

    Raises:
        FatalError: started somewhere else than in the project's folder, or the pages are not built.
    """
    root = project_root()
    if Path.cwd().resolve() != root:
        # Relative paths in the settings, .env and Reflex all mean this folder.
        raise FatalError(f"Start this in {root}.", code="wrong_folder")
    site = prepare_site(root / ".web", settings.data_dir.absolute() / "web", settings.public_url)
    exec_following_parent(web_command(settings), web_environment(settings, site))
