"""Chromium's switches as data: which ones are passed, and how lists of features are joined. Nothing here does I/O."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

ENABLE = "--enable-features="
DISABLE = "--disable-features="

# What pays (MB of anonymous and shared memory an account, Chromium 156, heavy page, Chromium's sandbox on):
#   GPU off, GPU and network folded into the browser process, together   -48
#   no unsandboxed zygote: it only forks processes outside the sandbox,
#   and with GPU and network inside the browser there are none of these   -8
# What does not (noise: 5 MB): renderer-process-limit, process-per-site, fewer raster threads, WebGL and video
# acceleration off, no images, a smaller viewport or cache; V8's optimize-for-size, max-semi-space-size=1,
# single-threaded-gc, no sparkplug and maglev. See docs/capacity.md.
# Single-process, no-zygote (the sandboxed one), jitless; site isolation, web security, certificate errors off: all left
# out on purpose: they weaken the walls.
_OURS = (
    "--disable-gpu",
    "--disable-software-rasterizer",
    "--in-process-gpu",
    "--no-unsandboxed-zygote",
    "--password-store=basic",
)
_ENABLED = ("NetworkServiceInProcess2",)
_DISABLED = ("Translate", "AudioServiceOutOfProcess", "SpareRendererForSitePerProcess", "Prerender2")
# A guard: a page that runs away crashes alone instead of taking the machine's memory (MB).
_HEAP = "--js-flags=--max-old-space-size=512"
# Bytes. The headless shell does not know this switch; there the caches are pruned between runs instead.
_DISK_CACHE = "--disk-cache-size=33554432"


@dataclass(frozen=True, slots=True)
class Features:
    """What is switched on and off by name, in the order of appearance and without repeats."""

    enabled: tuple[str, ...] = ()
    disabled: tuple[str, ...] = ()

    @classmethod
    def of(cls, args: Iterable[str]) -> Features:
        """Collect the features from command-line switches; everything else is ignored."""
        enabled: list[str] = []
        disabled: list[str] = []
        for arg in args:
            if arg.startswith(ENABLE):
                enabled += arg.removeprefix(ENABLE).split(",")
            elif arg.startswith(DISABLE):
                disabled += arg.removeprefix(DISABLE).split(",")
        return cls(_unique(enabled), _unique(disabled))

    def __add__(self, other: Features) -> Features:
        """Join two sets. What ``other`` says about a feature wins over what this one says."""
        enabled = [name for name in self.enabled if name not in other.disabled]
        disabled = [name for name in self.disabled if name not in other.enabled]
        return Features(_unique([*enabled, *other.enabled]), _unique([*disabled, *other.disabled]))

    def args(self) -> list[str]:
        """Return the switches; none for an empty list."""
        switches = [(ENABLE, self.enabled), (DISABLE, self.disabled)]
        return [prefix + ",".join(names) for prefix, names in switches if names]


def _unique(names: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(name for name in names if name))


def launch_args(playwright: Features, *, shell: bool, extra: Sequence[str] = ()) -> list[str]:
    """Return the switches to hand to Playwright for one account.

    Args:
        playwright: the features that Playwright itself passes. A second ``--enable-features`` or
            ``--disable-features`` replaces the first one in Chromium, so ours must repeat them.
        shell: True for the headless shell, which does not know every switch of the full browser.
        extra: the operator's own switches; they come last, and their features are joined to the rest.
    """
    extra_features = Features.of(extra)
    features = playwright + Features(_ENABLED, _DISABLED) + extra_features
    others = [arg for arg in extra if not arg.startswith((ENABLE, DISABLE))]
    cache = [] if shell else [_DISK_CACHE]
    return [*_OURS, _HEAP, *cache, *features.args(), *others]


def features_in_log(text: str) -> Features:
    """Read the features from the line with which Playwright logs a launch (``<launching> /path --switch ...``)."""
    line = next((line for line in text.splitlines() if line.startswith("<launching>")), "")
    return Features.of(line.split())


def user_agent(version: str, platform: str = sys.platform) -> str:
    """Return the user agent of a person's Chrome of this version.

    Both Chromium binaries say HeadlessChrome by themselves, which WhatsApp Web refuses as an unsupported browser.

    Args:
        version: e.g. ``"156.0.8078.79"``; only the first number is shown, as Chrome does it.
        platform: as ``sys.platform`` names it.
    """
    system = "Macintosh; Intel Mac OS X 10_15_7" if platform == "darwin" else "X11; Linux x86_64"
    major = version.split(".", 1)[0]
    return f"Mozilla/5.0 ({system}) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/{major}.0.0.0 Safari/537.36"


def version_in(text: str) -> str | None:
    """Find the version in what ``chromium --version`` prints."""
    match = re.search(r"\d+(\.\d+){1,3}", text)
    return match[0] if match else None
