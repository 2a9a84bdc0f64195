from __future__ import annotations

import phonenumbers
import pytest
from hypothesis import given
from hypothesis import strategies as st

from session_core.domain.phone import chat_id, format_phone, normalize_phone
from session_core.errors import PolicyError

EXAMPLES = [
    f"{number.country_code}{phonenumbers.national_significant_number(number)}"
    for region in sorted(phonenumbers.SUPPORTED_REGIONS)
    if (number := phonenumbers.example_number_for_type(region, phonenumbers.PhoneNumberType.MOBILE)) is not None
]


def test_there_are_numbers_of_many_countries() -> None:
    assert len(EXAMPLES) > 200


@given(st.sampled_from(EXAMPLES), st.sampled_from(["+", "00", ""]), st.text(" .-()/", max_size=3), st.integers(1, 6))
def test_a_number_goes_there_and_back(digits: str, prefix: str, between: str, at: int) -> None:
    written = f" {prefix}{digits[:at]}{between}{digits[at:]} "
    assert normalize_phone(written) == digits
    assert normalize_phone(format_phone(digits)) == digits
    assert chat_id(written) == f"{digits}@c.us"


@pytest.mark.parametrize(
    "text",
    [
        "",
        "+",
        "00",
        "612 34",
        "0612345678",
        "+0612345678",
        "++34612345678",
        "+34612345678 ext 5",
        "+999612345678",
        "1" * 16,
        "call me",
        "٣٤٦١٢٣٤٥٦٧٨",
        "34612345678\0",
        "\ud800",
        "+34612345678;drop",
    ],
)
def test_what_is_no_number(text: str) -> None:
    with pytest.raises(PolicyError) as caught:
        normalize_phone(text)
    assert (caught.value.code, caught.value.status_code) == ("bad_phone", 422)
    assert caught.value.action


@given(st.text())
def test_a_text_is_a_number_or_refused(text: str) -> None:
    try:
        digits = normalize_phone(text)
    except PolicyError:
        return
    assert digits.isdecimal()
    assert digits.isascii()
    assert 7 <= len(digits) <= 15


@given(st.text())
def test_a_text_is_a_chat_that_fits_or_refused(text: str) -> None:
    try:
        chat = chat_id(text)
    except PolicyError:
        return
    assert len(chat) <= 64
    assert chat_id(chat) == chat


def test_one_chat_has_one_name() -> None:
    assert chat_id("34612345678@s.whatsapp.net") == chat_id("+34 612 34 56 78") == chat_id(" 34612345678@c.us ")


@pytest.mark.parametrize(
    ("digits", "shown"),
    [("34612345678", "+34 612 34 56 78"), ("+34612345678", "+34 612 34 56 78"), (None, ""), ("", ""), ("1", "+1")],
)
def test_numbers_are_written_as_people_do(digits: str | None, shown: str) -> None:
    assert format_phone(digits) == shown
