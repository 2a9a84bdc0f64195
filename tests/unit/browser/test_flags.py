from __future__ import annotations

import pytest

from session_core.browser.flags import Features, features_in_log, launch_args, user_agent, version_in

PLAYWRIGHT = Features(enabled=("One",), disabled=("Two", "Three"))


def features(args: list[str]) -> Features:
    """Read the switches as Chromium does: of several equal ones the last counts."""
    last = {arg.split("=", 1)[0]: arg for arg in args}
    return Features.of(last.values())


def test_a_features_switch_appears_once_because_the_last_one_replaces_the_others() -> None:
    args = launch_args(PLAYWRIGHT, shell=True, extra=["--enable-features=Mine", "--disable-features=Yours"])
    names = [arg.split("=", 1)[0] for arg in args]
    assert names.count("--enable-features") == 1
    assert names.count("--disable-features") == 1


def test_playwrights_features_ours_and_the_operators_are_all_in_force() -> None:
    found = features(launch_args(PLAYWRIGHT, shell=True, extra=["--enable-features=Mine", "--disable-features=Yours"]))
    assert {"One", "NetworkServiceInProcess2", "Mine"} <= set(found.enabled)
    assert {"Two", "Three", "Translate", "Yours"} <= set(found.disabled)


def test_the_operator_may_switch_on_what_we_switch_off() -> None:
    found = features(launch_args(PLAYWRIGHT, shell=True, extra=["--enable-features=Translate,Two"]))
    assert {"Translate", "Two"} <= set(found.enabled)
    assert not {"Translate", "Two"} & set(found.disabled)


def test_the_operators_other_switches_come_last_and_as_they_are() -> None:
    rule = "--host-resolver-rules=MAP web.whatsapp.com 127.0.0.1:8143"
    args = launch_args(PLAYWRIGHT, shell=True, extra=[rule, "--ignore-certificate-errors"])
    assert args[-2:] == [rule, "--ignore-certificate-errors"]


@pytest.mark.parametrize(("shell", "expected"), [(True, False), (False, True)])
def test_the_cache_switch_goes_only_to_the_browser_that_knows_it(shell: bool, expected: bool) -> None:
    assert any(arg.startswith("--disk-cache-size=") for arg in launch_args(PLAYWRIGHT, shell=shell)) is expected


def test_nothing_unsafe_is_passed_by_default() -> None:
    args = " ".join(launch_args(PLAYWRIGHT, shell=False))
    for switch in ("--single-process", "--no-zygote", "--no-sandbox", "--disable-web-security", "--ignore-certificate"):
        assert switch not in args


def test_unknown_playwright_features_leave_ours() -> None:
    assert "NetworkServiceInProcess2" in features(launch_args(Features(), shell=True)).enabled


def test_features_are_read_from_the_logged_launch_and_nowhere_else() -> None:
    text = (
        "Target closed\nBrowser logs:\n\n"
        "<launching> /usr/bin/x --a --disable-features=Two,Three --enable-features=One --b\n"
        "[err] unknown option --enable-features=Wrong\n"
    )
    assert features_in_log(text) == PLAYWRIGHT
    assert features_in_log("something else") == Features()


def test_the_user_agent_is_a_persons() -> None:
    text = user_agent("156.0.8078.79", "linux")
    assert "Headless" not in text
    assert "Chrome/156.0.0.0" in text
    assert "Macintosh" in user_agent("156.0.8078.79", "darwin")


@pytest.mark.parametrize(
    ("text", "version"),
    [
        ("Chromium 156.0.8078.79 built on Debian", "156.0.8078.79"),
        ("Google Chrome 140.0.1.2 ", "140.0.1.2"),
        ("hello", None),
    ],
)
def test_the_version_is_found(text: str, version: str | None) -> None:
    assert version_in(text) == version
