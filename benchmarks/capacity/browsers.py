"""The two Chromiums: the small one that only works without a window, and the one that Puppeteer takes by itself."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from session_core.browser.find import installed_chromiums, is_headless_shell


@dataclass(frozen=True)
class Browsers:
    """What the contestants drive.

    Attributes:
        shell: the headless shell, which WhaHook prefers.
        full: the full Chromium in its new headless mode, which is Puppeteer's and so whatsapp-web.js's default. The
            shell where there is no other.
    """

    shell: Path
    full: Path

    @property
    def both(self) -> bool:
        """Tell whether they are two."""
        return self.shell != self.full

    @classmethod
    def here(cls, full: Path | None) -> Browsers:
        """Find them on this machine; ``full``: where the full one is, if it is in no usual place."""
        found = list(installed_chromiums())
        shell = next((path for path in found if is_headless_shell(path)), found[0])
        return cls(shell, full or next((path for path in found if not is_headless_shell(path)), shell))
