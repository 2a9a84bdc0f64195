"""The line under the title: how full the server is."""

from __future__ import annotations

from session_core.services.health import Capacity
from whahook_app.i18n import Language, counted, text


def capacity_line(capacity: Capacity, language: Language) -> str:
    """Return e.g. ``"3 de 8 sesiones en este servidor · queda sitio para 5"``; empty when no host is alive."""
    if not capacity.hosts:
        return ""
    filled = text(language, "capacity.of", running=capacity.running, total=capacity.total)
    if not capacity.room_for:
        return f"{filled} · {text(language, 'capacity.full')}"
    return f"{filled} · {counted(language, 'capacity.room', capacity.room_for)}"
