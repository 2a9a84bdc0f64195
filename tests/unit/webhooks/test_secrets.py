from __future__ import annotations

from uuid import UUID

import pytest

from session_core.errors import FatalError
from session_core.webhooks.secrets import Vault

ONE, TWO = UUID(int=1), UUID(int=2)
VAULT = Vault({"a": b"a" * 32})


def test_a_secret_comes_back_and_is_not_there_to_read() -> None:
    stored = VAULT.seal(ONE, "whsec_abc")
    assert VAULT.open(ONE, stored) == "whsec_abc"
    assert "whsec" not in stored
    assert VAULT.seal(ONE, "whsec_abc") != stored
    assert len(VAULT.seal(ONE, "whsec_" + "x" * 88)) <= 300


def test_an_old_key_opens_what_it_made() -> None:
    stored = VAULT.seal(ONE, "whsec_abc")
    rotated = Vault({"b": b"b" * 32, "a": b"a" * 32})
    assert rotated.open(ONE, stored) == "whsec_abc"
    assert rotated.seal(ONE, "x").startswith("b:")


@pytest.mark.parametrize("vault", [Vault({"b": b"b" * 32}), Vault({"a": b"b" * 32})], ids=["no key", "another key"])
def test_without_its_key_it_stays_shut(vault: Vault) -> None:
    with pytest.raises(FatalError, match="is not here") as error:
        vault.open(ONE, VAULT.seal(ONE, "whsec_abc"))
    assert error.value.code == "webhook_key_missing"


@pytest.mark.parametrize("stored", ["", "a", "a:", "a:!!", "a:AAAA"])
def test_nonsense_stays_shut(stored: str) -> None:
    with pytest.raises(FatalError):
        VAULT.open(ONE, stored)


def test_it_opens_for_its_own_endpoint_only() -> None:
    with pytest.raises(FatalError):
        VAULT.open(TWO, VAULT.seal(ONE, "whsec_abc"))
