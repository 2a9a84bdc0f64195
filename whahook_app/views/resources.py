"""What an account's browser takes of the machine, drawn as two small lines."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence

from session_core.domain.resources import Pressure, Resources
from whahook_app.i18n import Language, text

WIDTH, HEIGHT = 120, 28
"""Of the drawing, in its own units; the page stretches it."""

MIB = 1024 * 1024


@dataclasses.dataclass
class Line:
    """A measure: its newest value, its highest, and the points of an SVG polyline; no points for a single sample."""

    now: str = ""
    points: str = ""
    label: str = ""


@dataclasses.dataclass
class ResourcesView:
    """Memory and CPU of the last hour; ``pressure`` is a sentence when the memory is too much."""

    memory: Line = dataclasses.field(default_factory=Line)
    cpu: Line = dataclasses.field(default_factory=Line)
    pressure: str = ""


def resources_view(found: Resources, language: Language) -> ResourcesView:
    """Draw a series; empty lines when there is none."""
    if not found.samples:
        return ResourcesView()
    memory = [sample.memory / MIB for sample in found.samples]
    cpu = [sample.cpu for sample in found.samples]
    pressure = "" if found.pressure is Pressure.NORMAL else text(language, f"resources.{found.pressure.value}")
    return ResourcesView(
        memory=_line(memory, "resources.memory.label", "MB", language),
        cpu=_line(cpu, "resources.cpu.label", "%", language),
        pressure=pressure,
    )


def _line(values: Sequence[float], key: str, unit: str, language: Language) -> Line:
    now, highest = f"{values[-1]:.0f} {unit}", f"{max(values):.0f} {unit}"
    return Line(now=now, points=points(values), label=text(language, key, now=now, highest=highest))


def points(values: Sequence[float]) -> str:
    """Return the points of a polyline from 0 at the bottom to the highest value at the top.

    A line from zero shows growth as what it is: a scale that begins at the lowest value makes mountains of noise.
    """
    if len(values) < 2:
        return ""
    top = max(*values, 1e-9)
    step = WIDTH / (len(values) - 1)
    return " ".join(
        f"{number * step:.1f},{HEIGHT - 1 - value / top * (HEIGHT - 2):.1f}" for number, value in enumerate(values)
    )
