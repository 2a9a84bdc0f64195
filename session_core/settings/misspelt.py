"""Variables that look like settings and are none: somebody meant something by them."""

from __future__ import annotations

import difflib
import os
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from dotenv import dotenv_values

from session_core.settings import Settings

PREFIX = "WHAHOOK_"

NO_SETTINGS = frozenset({"WHAHOOK_ENV_FILE", "WHAHOOK_PARENT_PID"})
"""Read before there are settings, or written by us for our own processes."""

FOR_TESTS = "WHAHOOK_TEST_"

CLOSE_ENOUGH = 0.7
"""Of 1. Below it a suggestion is a guess."""


@dataclass(frozen=True, slots=True)
class Misspelt:
    """A variable that nothing reads. Its value is in no message: it may be a password.

    Attributes:
        name: as it is set.
        meant: the setting with the nearest name; None: none is near.
    """

    name: str
    meant: str | None

    def __str__(self) -> str:
        """Say it in a sentence."""
        return f"{self.name} is no setting" + (f"; did you mean {self.meant}?" if self.meant else ".")


def misspelt_settings() -> list[Misspelt]:
    """Look for such variables in the environment of this process, and in its ``.env``."""
    file = Path(str(Settings.model_config.get("env_file") or ".env"))
    written = dotenv_values(file, interpolate=False) if file.is_file() else {}
    return misspelt([*os.environ, *written])


def misspelt(names: Iterable[str]) -> list[Misspelt]:
    """Find the variables with our prefix that are no settings, in the order of the alphabet.

    Args:
        names: of all variables that are set. Settings may be written in small letters.
    """
    known = setting_names() | NO_SETTINGS
    ours = {name for name in names if name.upper().startswith(PREFIX) and not name.upper().startswith(FOR_TESTS)}
    return [Misspelt(name, _nearest(name.upper())) for name in sorted(ours) if name.upper() not in known]


def setting_names() -> set[str]:
    """Return the names of all variables that `Settings` reads."""
    return {
        str(getattr(field.validation_alias, "choices", [f"{PREFIX}{name.upper()}"])[0])
        for name, field in Settings.model_fields.items()
    }


def _nearest(name: str) -> str | None:
    # Well-known names of other tools have no prefix, and people give them ours.
    bare = {one.removeprefix(PREFIX): one for one in sorted(setting_names())}
    found = difflib.get_close_matches(name.removeprefix(PREFIX), bare, n=1, cutoff=CLOSE_ENOUGH)
    return bare[found[0]] if found else None
