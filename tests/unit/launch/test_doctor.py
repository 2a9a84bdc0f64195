"""The table of ``doctor``."""

from __future__ import annotations

from session_core.launch.doctor import Finding, check_python, table


def test_what_is_wrong_is_followed_by_what_to_do() -> None:
    text = table([Finding("Python", True, "3.11.7"), Finding("Chromium", False, "not found", "Run `make setup`.")])
    assert text.splitlines() == [
        "ok     Python    3.11.7",
        "WRONG  Chromium  not found",
        "                 -> Run `make setup`.",
    ]


def test_hints_can_be_left_out() -> None:
    assert "->" not in table([Finding("Chromium", False, "not found", "Run `make setup`.")], hints=False)


def test_the_interpreter_of_the_tests_is_new_enough() -> None:
    assert check_python().fine
