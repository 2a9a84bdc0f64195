from __future__ import annotations

import pytest

from session_core.whatsapp.driver import (
    Conflicted,
    Gate,
    Gated,
    Linking,
    Loaded,
    LoggedOut,
    LogoutCause,
    Loss,
    Lost,
    Offline,
    QrExpired,
    QrShown,
    Ready,
    Syncing,
)
from session_core.whatsapp.snapshot import Phase
from tests.unit.whatsapp.pages import DOWN, GONE, LOGIN, MAIN, QR, SYNC, URL, Page, kinds


def test_from_the_first_code_to_ready(page: Page) -> None:
    events = page.says({}, {"state": "OPENING"}, QR, LOGIN, SYNC, MAIN)
    assert kinds(events) == [Loaded, QrShown, Linking, Syncing, Ready]
    assert events[-1] == Ready("34600", "Ana")


def test_a_stored_login_comes_up_without_a_code(page: Page) -> None:
    assert kinds(page.says(LOGIN, SYNC, MAIN)) == [Loaded, Linking, Syncing, Ready]


def test_codes_follow_each_other_and_expire(page: Page) -> None:
    events = page.says(QR, QR, QR | {"ref": "b", "code": "b"}, QR | {"state": "UNPAIRED_IDLE", "ref": "b", "code": "b"})
    assert kinds(events) == [Loaded, QrShown, QrShown, QrExpired]
    assert [event.number for event in events if isinstance(event, QrShown)] == [1, 2]


def test_new_codes_after_the_idle_screen_count_from_one(page: Page) -> None:
    page.says(QR, QR | {"state": "UNPAIRED_IDLE"})
    page.tracker.new_qr_series()
    [shown] = page.says(QR | {"ref": "c", "code": "c"})
    assert isinstance(shown, QrShown)
    assert shown.number == 1


def test_ready_is_told_again_only_when_the_person_changes(page: Page) -> None:
    page.says(MAIN)
    assert page.says(MAIN, MAIN) == []
    assert page.says(MAIN | {"name": "Ana B."}) == [Ready("34600", "Ana B.")]
    # A logout clears the person first.
    assert page.says(MAIN | {"registered": False, "authenticated": True, "phone": None, "name": None}) == []


def test_offline_and_back(page: Page) -> None:
    page.says(MAIN)
    assert kinds(page.says(DOWN, DOWN, MAIN | {"info": "RESUMING"}, MAIN)) == [Offline, Ready]


def test_conflict(page: Page) -> None:
    assert kinds(page.says(MAIN, MAIN | {"mode": "CONFLICT"}, MAIN | {"mode": "CONFLICT"})) == [
        Loaded,
        Ready,
        Conflicted,
    ]


def test_a_blocked_page_is_lost(page: Page) -> None:
    lost = page.says({"mode": "DEPRECATED_VERSION"})[-1]
    assert isinstance(lost, Lost)
    assert lost.loss is Loss.UNSUPPORTED


def test_a_network_that_blocks_whatsapp_is_no_fault_of_the_browser(page: Page) -> None:
    lost = page.says({"mode": "PROXYBLOCK"})[-1]
    assert isinstance(lost, Lost)
    assert lost.loss is Loss.NAVIGATION


@pytest.mark.parametrize(
    ("says", "gate"),
    [
        ({"mode": "TOS_BLOCK"}, Gate.TERMS),
        (QR | {"gate": "passkey"}, Gate.PASSKEY),
        (LOGIN | {"gate": "limited"}, Gate.LIMITED),
        (LOGIN | {"gate": "banned"}, Gate.BANNED),
    ],
)
def test_what_keeps_an_account_out_is_told(page: Page, says: dict[str, object], gate: Gate) -> None:
    assert page.says(says)[-1] == Gated(gate)
    assert page.says(says) == []


def test_a_locked_account_is_told_by_the_reason_of_its_logout(page: Page) -> None:
    page.says(MAIN)
    assert page.reloads("d2", URL + "?post_logout=1&logout_reason=3") == [Gated(Gate.BANNED)]


def test_our_own_logout_is_no_lock(page: Page) -> None:
    page.says(MAIN)
    page.tracker.logging_out = True
    assert page.reloads("d2", URL + "?post_logout=1&logout_reason=3") == [LoggedOut(LogoutCause.LOGGED_OUT)]


def test_a_conflict_has_a_time_in_which_it_can_be_settled(page: Page) -> None:
    page.says(MAIN, MAIN | {"mode": "CONFLICT"})
    page.clock.pass_(59)
    assert page.tracker.overdue() is None
    page.clock.pass_(2)
    assert page.tracker.overdue() == "conflict"


def test_an_unlink_is_told_once_though_two_things_show_it(page: Page) -> None:
    page.says(MAIN)
    assert page.reloads("d2", URL + "?post_logout=1&logout_reason=2") == [LoggedOut(LogoutCause.UNLINKED)]
    assert kinds(page.says({"state": "OPENING"}, QR)) == [Loaded, QrShown]


def test_a_logout_that_was_asked_for_is_told_as_such(page: Page) -> None:
    page.says(MAIN)
    page.tracker.logging_out = True
    assert page.reloads("d2", URL + "?post_logout=1") == [LoggedOut(LogoutCause.LOGGED_OUT)]


def test_a_logout_without_a_reload_shows_by_the_code(page: Page) -> None:
    page.says(MAIN)
    assert kinds(page.says(QR)) == [LoggedOut, QrShown]


@pytest.mark.parametrize("gone", [GONE, GONE | {"registered": True, "phone": "34600"}])
def test_a_logout_without_reload_and_code_is_told_when_it_lasts(page: Page, gone: dict[str, object]) -> None:
    page.says(MAIN)
    assert page.says(gone, gone) == []
    page.clock.pass_(3)
    assert page.says(gone) == [LoggedOut(LogoutCause.UNLINKED)]
    assert page.says(gone, gone) == []
    assert kinds(page.says(gone | {"ref": "b", "code": "b"}, SYNC, MAIN)) == [QrShown, Syncing, Ready]


def test_a_page_that_only_looks_unpaired_for_a_moment_stays_ready(page: Page) -> None:
    page.says(MAIN, GONE)
    page.clock.pass_(2)
    page.says(MAIN)
    page.clock.pass_(2)
    assert LoggedOut not in kinds(page.says(GONE, MAIN))
    assert page.tracker.phase is Phase.READY


def test_a_logout_that_shows_no_code_ever_is_logged_out_and_expired(page: Page) -> None:
    page.says(MAIN, GONE | {"state": "UNPAIRED_IDLE"})
    page.clock.pass_(3)
    assert kinds(page.says(GONE | {"state": "UNPAIRED_IDLE"})) == [LoggedOut, QrExpired]


def test_a_logout_that_ends_in_a_plain_reload_is_one(page: Page) -> None:
    page.says(MAIN)
    page.tracker.logging_out = True
    page.reloads("d2", URL + "?v=2")
    assert page.says({}, {"state": "OPENING"}, QR)[1] == LoggedOut(LogoutCause.LOGGED_OUT)
    page.reloads("d3")
    assert kinds(page.says(QR)) == [Loaded, QrShown]


def test_an_unlink_before_a_plain_reload_is_told_once(page: Page) -> None:
    page.says(MAIN)
    assert kinds(page.says(QR)) == [LoggedOut, QrShown]
    page.reloads("d2")
    assert kinds(page.says(QR)) == [Loaded, QrShown]


def test_reloads_of_a_page_that_had_no_login_are_no_logouts(page: Page) -> None:
    page.says(QR)
    page.reloads("d2")
    assert kinds(page.says(QR, LOGIN)) == [Loaded, QrShown, Linking]
    page.reloads("d3")
    assert kinds(page.says(LOGIN, QR)) == [Loaded, Linking, QrShown]


def test_a_scan_that_comes_to_nothing_after_a_logout_is_not_another_one(page: Page) -> None:
    page.says(MAIN)
    page.reloads("d2", URL + "?post_logout=1")
    assert kinds(page.says(QR, LOGIN, QR | {"ref": "b", "code": "b"})) == [Loaded, QrShown, Linking, QrShown]


def test_a_locked_account_is_not_told_as_logged_out_as_well(page: Page) -> None:
    page.says(MAIN)
    page.reloads("d2", URL + "?post_logout=1&logout_reason=3")
    assert kinds(page.says(QR)) == [Loaded, QrShown]


def test_a_code_that_is_gone_and_not_renewed_has_expired(page: Page) -> None:
    page.says(QR)
    page.clock.pass_(90)
    assert page.says(GONE) == []
    page.clock.pass_(1)
    assert page.says(GONE) == [QrExpired()]
    assert page.says(GONE, {"mode": "QR"}) == []
    assert kinds(page.says(QR | {"ref": "b", "code": "b"})) == [QrShown]


def test_a_code_that_stays_on_the_screen_has_not_expired(page: Page) -> None:
    page.says(QR)
    page.clock.pass_(3600)
    assert page.says(QR) == []


def test_a_second_login_can_end_too(page: Page) -> None:
    page.says(MAIN)
    page.reloads("d2", URL + "?post_logout=1")
    page.says(QR, LOGIN, SYNC, MAIN)
    assert page.reloads("d3", URL + "?post_logout=1&again") == [LoggedOut(LogoutCause.UNLINKED)]


def test_the_qr_may_go_while_a_linking_code_is_typed(page: Page) -> None:
    page.says(QR)
    page.tracker.pairing()
    page.clock.pass_(170)
    assert page.says(GONE, GONE | {"state": "UNPAIRED_IDLE"}) == []
    assert kinds(page.says(LOGIN)) == [Linking]


def test_a_linking_code_that_nobody_typed_has_expired_with_the_qr(page: Page) -> None:
    page.says(QR)
    page.tracker.pairing()
    page.clock.pass_(181)
    assert page.says(QR | {"state": "UNPAIRED_IDLE"}) == [QrExpired()]


def test_a_page_that_moves_inside_itself_logs_nobody_out(page: Page) -> None:
    page.says(MAIN)
    page.reloads("d2", URL + "?post_logout=1")
    page.says(QR, LOGIN, SYNC, MAIN)
    assert page.tracker.navigated(URL + "?post_logout=1#chat") == []


def test_a_scan_that_comes_to_nothing_is_no_logout(page: Page) -> None:
    page.says(QR, LOGIN)
    assert kinds(page.says(QR | {"ref": "b", "code": "b"})) == [QrShown]


def test_a_stored_login_that_is_refused_is_a_logout(page: Page) -> None:
    page.says(LOGIN)
    assert kinds(page.says(QR)) == [LoggedOut, QrShown]


def test_a_login_unlinked_while_nobody_looked_is_a_logout_even_before_the_page_speaks(page: Page) -> None:
    assert page.tracker.navigated(URL) == []
    assert page.tracker.navigated(URL + "?post_logout=1") == [LoggedOut(LogoutCause.UNLINKED)]


@pytest.mark.parametrize("url", ["https://example.com/", "chrome-error://chromewebdata/", "http://web.whatsapp.com/"])
def test_another_address_is_lost(page: Page, url: str) -> None:
    page.tracker.navigated(URL)
    [lost] = page.tracker.navigated(url)
    assert isinstance(lost, Lost)
    assert lost.loss is Loss.NAVIGATION


def test_an_error_page_at_the_start_is_lost(page: Page) -> None:
    assert kinds(page.tracker.navigated("chrome-error://chromewebdata/")) == [Lost]


def test_where_the_first_load_leads_the_page_belongs(page: Page) -> None:
    assert page.tracker.navigated("https://elsewhere.example/app") == []
    assert page.tracker.navigated("https://elsewhere.example/app?v=2") == []
    assert kinds(page.tracker.navigated(URL)) == [Lost]


@pytest.mark.parametrize(
    ("url", "same"),
    [
        ("https://web.whatsapp.com:443/", "https://web.whatsapp.com/?a"),
        ("http://127.0.0.1:80/", "http://127.0.0.1/?a"),
        ("http://LOCALHOST:9000/", "http://localhost:9000/?a"),
        ("http://[::1]:9000/", "http://[::1]:9000/?a"),
    ],
)
def test_an_address_can_be_written_in_several_ways(url: str, same: str) -> None:
    page = Page(url=url)
    assert page.tracker.navigated(url) == page.tracker.navigated(same) == []
    assert kinds(page.tracker.navigated("http://localhost:9001/")) == [Lost]


def test_an_empty_page_is_only_one_that_was_not_loaded_yet(page: Page) -> None:
    assert page.tracker.navigated("about:blank") == []
    page.tracker.navigated(URL)
    [lost] = page.tracker.navigated("about:blank")
    assert lost == Lost(Loss.NAVIGATION, "the page went to an error page")


@pytest.mark.parametrize("url", ["about:blank", URL, URL + "#chat", URL + "settings?post_logout=0"])
def test_the_same_site_is_not(page: Page, url: str) -> None:
    assert page.tracker.navigated(url) == []


def test_a_reload_by_itself_starts_over_without_a_logout(page: Page) -> None:
    page.says(MAIN)
    page.reloads("d2", URL + "?v=2")
    assert kinds(page.says(LOGIN, SYNC, MAIN)) == [Loaded, Linking, Syncing, Ready]


def test_late_news_of_an_older_page_are_dropped(page: Page) -> None:
    page.says(MAIN)
    page.reloads("d2")
    page.says(QR)
    page.doc = "d1"
    assert page.says(MAIN) == []
    assert page.tracker.phase is Phase.QR


def test_an_older_snapshot_never_takes_a_newer_one_back(page: Page) -> None:
    page.says({}, MAIN)
    page.n = 0
    assert page.says(QR) == []


@pytest.mark.parametrize(
    ("states", "seconds", "late"),
    [
        ([{}], 61, "load"),
        ([{}], 59, None),
        ([QR], 3600, None),
        ([QR | {"state": "UNPAIRED_IDLE"}], 3600, None),
        ([QR, LOGIN], 119, None),
        ([QR, LOGIN], 121, "link"),
        ([LOGIN, SYNC], 121, "link"),
        ([MAIN], 3600, None),
        ([MAIN, DOWN], 179, None),
        ([MAIN, DOWN], 181, "offline"),
        # wa-js never starts: such a page can neither send nor read back
        ([MAIN | {"injected": False}], 59, None),
        ([MAIN | {"injected": False}], 61, "load"),
    ],
)
def test_deadlines(page: Page, states: list[dict[str, object]], seconds: int, late: str | None) -> None:
    page.says(*states)
    page.clock.pass_(seconds)
    assert page.tracker.overdue() == late


def test_a_scan_late_in_the_life_of_a_page_has_its_whole_time(page: Page) -> None:
    page.says(QR)
    page.clock.pass_(300)
    page.says(LOGIN)
    page.clock.pass_(100)
    assert page.tracker.overdue() is None


def test_syncing_again_after_days_has_its_whole_time(page: Page) -> None:
    page.says(MAIN)
    page.clock.pass_(86400)
    page.says(MAIN | {"mode": "SYNCING"})
    assert page.tracker.phase is Phase.SYNCING
    page.clock.pass_(119)
    assert page.tracker.overdue() is None
    page.clock.pass_(2)
    assert page.tracker.overdue() == "link"
