"""Ends browsers whose time is over, also when the host that started them is stopped, hangs or is dead.

A process of its own, because a host that does not run cannot do it itself: its browsers would go on being an account
that another host has taken over meanwhile. It reads one line a fact from its input:

``{"account": id, "profile": path of its folder, "until": seconds, as `session_core.clock.uptime` counts}``; without
``until`` nothing has to end there any more. The end of the input is the end of the host: everything ends then.
"""

from __future__ import annotations

import json
import os
import select
import signal
import sys
import time
from contextlib import suppress
from pathlib import Path
from typing import Any

import psutil

from session_core.browser import processes
from session_core.clock import uptime

LOOK_AGAIN = 0.2
"""Seconds. A browser that was just being launched shows up a moment later."""

AWAKE_WITHIN = 0.5
"""Seconds. Waiting itself stands still while the machine sleeps, so the clock is looked at so often."""

AGAIN_LATER = 2.0
"""Seconds between looks once a profile had no process for a while: its host may still wake up and launch one."""


class Watch:
    """The profiles and their times, in seconds of `session_core.clock.uptime`."""

    def __init__(self) -> None:
        self._profiles: dict[str, Path] = {}
        self._until: dict[str, float] = {}

    def read(self, line: bytes) -> None:
        """Take a line in; one that is no such fact is passed over."""
        with suppress(ValueError, KeyError, TypeError):
            told: dict[str, Any] = json.loads(line)
            account = str(told["account"])
            if told.get("until") is None:
                self._profiles.pop(account, None)
                self._until.pop(account, None)
            else:
                self._profiles[account] = Path(told["profile"])
                self._until[account] = float(told["until"])

    def patience(self, now: float) -> float | None:
        """Return the seconds until something has to be done; None: nothing is watched."""
        return min(max(0.0, min(self._until.values()) - now), AWAKE_WITHIN) if self._until else None

    def end_what_is_over(self, now: float) -> None:
        """Kill the browsers whose time is over, and look again soon."""
        for account, until in self._until.items():
            if until <= now:
                pause = LOOK_AGAIN if kill(self._profiles[account]) else AGAIN_LATER
                self._until[account] = now + pause

    def end_everything(self) -> None:
        """Kill all browsers, those too that are being launched right now."""
        deadline = time.monotonic() + AGAIN_LATER
        while sum(kill(profile) for profile in self._profiles.values()) and time.monotonic() < deadline:
            select.select([], [], [], LOOK_AGAIN)


def kill(profile: Path) -> int:
    """Kill every process that has the profile open; returns how many there were."""
    found = processes.of_profile(profile)
    for process in found:
        with suppress(psutil.Error):
            process.kill()
    if found:
        sys.stderr.write(f"watchdog: ended {len(found)} processes on {profile.name}, whose time was over\n")
    return len(found)


def main() -> None:
    """Watch until the input ends."""
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        # Meant for the host, which ends us when it has closed everything.
        signal.signal(number, signal.SIG_IGN)
    watch, rest = Watch(), b""
    while True:
        readable, _, _ = select.select([0], [], [], watch.patience(uptime()))
        if readable:
            data = os.read(0, 65536)
            if not data:
                break
            *lines, rest = (rest + data).split(b"\n")
            for line in lines:
                watch.read(line)
        watch.end_what_is_over(uptime())
    watch.end_everything()


if __name__ == "__main__":
    main()
