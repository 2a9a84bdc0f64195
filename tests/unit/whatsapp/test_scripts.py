from __future__ import annotations

from pathlib import Path

import pytest

from session_core.errors import FatalError
from session_core.whatsapp.scripts import init_scripts


def test_missing_packages_are_named() -> None:
    with pytest.raises(FatalError) as caught:
        init_scripts(Path("/nowhere"))
    assert caught.value.code == "packages_missing"
    assert "make setup" in caught.value.action
