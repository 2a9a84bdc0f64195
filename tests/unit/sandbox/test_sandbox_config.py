"""Faults and latencies: defaults, limits, and what the page gets to know."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationError

from session_core.sandbox.config import FailSends, SandboxConfig


def test_defaults_are_those_of_the_real_site_where_it_is_known() -> None:
    config = SandboxConfig()
    assert (config.qr_first_ms, config.qr_next_ms, config.qr_max) == (60_000, 20_000, 6)
    assert (config.generation, config.lid, config.fail_sends.mode) == ("legacy", False, "none")


def test_numbers_are_stored_as_digits() -> None:
    assert SandboxConfig.model_validate({"notOnWhatsapp": ["+34 600 11 22 33"]}).not_on_whatsapp == ["34600112233"]
    assert SandboxConfig.model_validate({"hiddenNumbers": ["+34 600 11 22 33"]}).hidden_numbers == ["34600112233"]


@pytest.mark.parametrize(
    "changes",
    [
        {"qrFirstMs": 1},
        {"qrFirstMs": 3_600_001},
        {"ackServerMs": -1},
        {"lid": "perhaps"},
        {"nothing": 1},
        {"failSends": {"count": 0}},
    ],
)
def test_values_out_of_range_are_refused(changes: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        SandboxConfig.model_validate(changes)


def test_a_reason_is_a_name() -> None:
    assert FailSends(reason="ERROR_NETWORK").reason == "ERROR_NETWORK"
    with pytest.raises(ValidationError):
        FailSends(reason="<script>")


def test_the_page_gets_only_what_acts_there() -> None:
    assert set(SandboxConfig().for_page()) == {
        "generation",
        "msgKeyField",
        "syncMs",
        "resumeMs",
        "ciphertextFirst",
        "ciphertextMs",
        "loadMs",
        "heavy",
    }
