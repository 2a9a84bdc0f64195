"""Texts in a component: both languages are in the page, so that changing the language needs no server."""

from __future__ import annotations

from typing import Any

import reflex as rx

from whahook_app.i18n import Language, text
from whahook_app.states.base import Base

NAME = "{name}"


def t(key: str) -> rx.Var:
    """Return the text ``key`` in the viewer's language.

    Raises:
        KeyError: there is no such text; the build fails.
    """
    return rx.cond(Base.lang == "en", text("en", key), text("es", key))


def t_name(key: str, name: Any) -> rx.Var:
    """Return the text ``key`` with ``name``, known only in the browser, in the place of ``{name}``."""
    return rx.cond(Base.lang == "en", _filled("en", key, name), _filled("es", key, name))


def _filled(language: Language, key: str, name: Any) -> rx.Var:
    before, _, after = text(language, key).partition(NAME)
    return rx.Var.create(before) + name + after
