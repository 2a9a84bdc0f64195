from __future__ import annotations

from typing import Literal

import pytest

from session_core.browser.isolation import decide


@pytest.mark.parametrize(
    ("setting", "root", "namespaces", "enabled"),
    [
        ("auto", False, True, True),
        ("auto", True, True, False),
        ("auto", False, False, False),
        ("on", True, False, True),
        ("on", False, True, True),
        ("off", False, True, False),
    ],
)
def test_the_wall_stands_where_it_can(
    setting: Literal["auto", "on", "off"], root: bool, namespaces: bool, enabled: bool
) -> None:
    isolation = decide(setting, root=root, namespaces=namespaces)
    assert isolation.enabled is enabled
    assert isolation.reason
