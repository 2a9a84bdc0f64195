from __future__ import annotations

import pytest

from tests.unit.whatsapp.pages import Page


@pytest.fixture
def page() -> Page:
    """Return a page that has told nothing yet."""
    return Page()
