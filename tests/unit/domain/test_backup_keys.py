from __future__ import annotations

import base64

import pytest
from hypothesis import given
from hypothesis import strategies as st

from session_core.domain.backup_keys import format_key, parse_keys

ids = st.from_regex(r"[A-Za-z0-9_-]{1,32}", fullmatch=True)
GOOD = base64.b64encode(b"k" * 32).decode()


@given(st.dictionaries(ids, st.binary(min_size=32, max_size=32), min_size=1, max_size=5))
def test_what_is_written_is_read_in_the_same_order(keys: dict[str, bytes]) -> None:
    read = parse_keys(" , ".join(format_key(key_id, key) for key_id, key in keys.items()))
    assert list(read.items()) == list(keys.items())


def test_the_address_safe_alphabet_is_taken_too() -> None:
    key = bytes(range(224, 256))
    assert parse_keys(f"a:{base64.urlsafe_b64encode(key).decode()}") == {"a": key}


@pytest.mark.parametrize(
    "text",
    [
        "",
        ",",
        "a",
        GOOD,
        f":{GOOD}",
        f"a b:{GOOD}",
        f"{'a' * 33}:{GOOD}",
        f"a:{GOOD},",
        f"a:{GOOD},a:{GOOD}",
        "a:",
        "a:c2hvcnQ=",
        f"a:{GOOD}x",
        "a:secretsecretsecret!!",
    ],
)
def test_what_is_no_list_of_keys(text: str) -> None:
    with pytest.raises(ValueError, match=r".") as caught:
        parse_keys(text)
    for secret in (GOOD, "c2hvcnQ", "secretsecret"):
        assert secret not in str(caught.value)
