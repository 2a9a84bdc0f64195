"""What runs in the page before WhatsApp's own scripts, in the order in which it must run."""

from __future__ import annotations

import json
from functools import lru_cache
from pathlib import Path

from session_core.errors import FatalError

BINDING = "__whahookPush"
"""The function by which the page tells us something. It must be exposed before the scripts run."""

BUNDLE = Path("node_modules/@wppconnect/wa-js/dist/wppconnect-wa.js")

_HERE = Path(__file__).parent
_ROOT = _HERE.parent.parent

# wa-js sends beacons to Google Analytics unless told otherwise, and addresses found in texts to preview servers.
_CONFIG = {"disableGoogleAnalytics": True, "linkPreviewApiServers": [], "poweredBy": None}


@lru_cache(maxsize=1)
def init_scripts(root: Path = _ROOT) -> tuple[str, ...]:
    """Return wa-js's configuration, wa-js, the bridge and what it is asked. Blocking: reads half a megabyte, once.

    They are init scripts and not evaluated afterwards, because every reload, the one of a logout included, would lose
    them. They keep out of frames inside the page.

    Raises:
        FatalError: ``packages_missing``, the npm packages are not installed.
    """
    bundle = root / BUNDLE
    try:
        wa_js = bundle.read_text(encoding="utf-8")
    except OSError as error:
        raise FatalError(
            "The npm package @wppconnect/wa-js is not installed.", code="packages_missing", action="Run `make setup`."
        ) from error
    return (
        f"if (window === window.top) window.WPPConfig = {json.dumps(_CONFIG)};",
        f"if (window === window.top) {{\n{wa_js}\n}}",
        (_HERE / "bridge.js").read_text(encoding="utf-8"),
        (_HERE / "changes.js").read_text(encoding="utf-8"),
        (_HERE / "addons.js").read_text(encoding="utf-8"),
        (_HERE / "contents.js").read_text(encoding="utf-8"),
        (_HERE / "media.js").read_text(encoding="utf-8"),
        (_HERE / "reach_out.js").read_text(encoding="utf-8"),
        (_HERE / "calls.js").read_text(encoding="utf-8"),
        (_HERE / "directory.js").read_text(encoding="utf-8"),
    )
