"""When an alert is mailed: dedupe, quiet, preferences, and what happens to it while it waits."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from session_core.alerts.mail_policy import (
    AFTER_ANOTHER,
    BACKOFF_CAP,
    TRIED_FOR,
    WHILE_HOST_LOST,
    Decision,
    Later,
    MailFacts,
    Never,
    Other,
    Send,
    decide,
    end_of_quiet_hours,
    next_try,
)
from session_core.domain.alerts import AlertKind, AlertPreferences, MailNote, MailStatus, QuietHours

NOW = datetime(2026, 5, 1, 12, tzinfo=UTC)
QUIET = timedelta(minutes=30)
MINUTE = timedelta(minutes=1)
K, M = AlertKind, MailStatus
PROBLEMS = [kind for kind in K if kind is not K.BACK]


def decision(kind: AlertKind, *others: Other, preferences: AlertPreferences | None = None, **facts: object) -> Decision:
    known = MailFacts(kind=kind, **{"over": kind is K.BACK, "age": MINUTE, "others": others, **facts})
    return decide(known, preferences or AlertPreferences(), now=NOW, quiet=QUIET)


def mailed(kind: AlertKind, ago: timedelta, *, is_open: bool = False) -> Other:
    return Other(kind, same_subject=True, open=is_open, mail=M.SENT, sent_at=NOW - ago)


@pytest.mark.parametrize("kind", PROBLEMS)
def test_a_new_problem_is_mailed(kind: AlertKind) -> None:
    assert decision(kind) == Send()


@pytest.mark.parametrize("kind", PROBLEMS)
def test_what_is_solved_before_is_not(kind: AlertKind) -> None:
    assert decision(kind, over=True) == Never(MailNote.SOLVED_BEFORE)


@pytest.mark.parametrize("kind", list(K))
def test_a_kind_that_is_off_is_not(kind: AlertKind) -> None:
    off = AlertPreferences(off=frozenset({kind}))
    assert decision(kind, told=(M.SENT,), preferences=off) == Never(MailNote.KIND_OFF)
    others = AlertPreferences(off=frozenset(K) - {kind})
    assert decision(kind, told=(M.SENT,), preferences=others) == Send()


class TestGoodNews:
    def test_only_for_who_heard_the_bad(self) -> None:
        assert decision(K.BACK, told=(M.SENT,)) == Send()
        assert decision(K.BACK, told=(M.SKIPPED, M.SENT)) == Send()
        for told in ((), (M.SKIPPED,), (M.FAILED,), (M.OFF,), (M.WAITING,)):
            assert decision(K.BACK, told=told) == Never(MailNote.NOTHING_TOLD)

    def test_it_waits_for_the_bad_that_is_on_its_way(self) -> None:
        assert decision(K.BACK, told=(M.SENDING,)) == Later(NOW + AFTER_ANOTHER)

    def test_it_is_stale_when_it_broke_again(self) -> None:
        again = Other(K.DOWN, same_subject=True, open=True, mail=M.WAITING)
        assert decision(K.BACK, again, told=(M.SENT,)) == Never(MailNote.OUT_OF_DATE)

    def test_it_is_stale_after_a_day(self) -> None:
        late = decision(K.BACK, told=(M.SENT,), age=TRIED_FOR + MINUTE)
        assert late == Never(MailNote.OUT_OF_DATE)

    def test_a_failing_backup_is_no_reason_against_it(self) -> None:
        beside = Other(K.BACKUP_FAILING, same_subject=True, open=True, mail=M.SENT)
        assert decision(K.BACK, beside, told=(M.SENT,)) == Send()

    def test_it_does_not_wait_for_the_end_of_the_quiet_period(self) -> None:
        assert decision(K.BACK, mailed(K.DOWN, MINUTE), told=(M.SENT,)) == Send()


class TestQuietPeriod:
    @pytest.mark.parametrize("kind", [K.DOWN, K.BACKUP_FAILING])
    @pytest.mark.parametrize("before", PROBLEMS)
    def test_the_next_problem_waits_for_its_end(self, kind: AlertKind, before: AlertKind) -> None:
        ago = timedelta(minutes=10)
        assert decision(kind, mailed(before, ago)) == Later(NOW - ago + QUIET, MailNote.QUIET)
        assert decision(kind, mailed(before, QUIET)) == Send()

    def test_what_needs_a_person_waits_for_its_like_only(self) -> None:
        assert decision(K.NEEDS_PERSON, mailed(K.DOWN, MINUTE)) == Send()
        assert isinstance(decision(K.NEEDS_PERSON, mailed(K.NEEDS_PERSON, MINUTE)), Later)

    def test_good_news_begins_none(self) -> None:
        assert decision(K.DOWN, mailed(K.BACK, MINUTE)) == Send()

    def test_another_account_begins_none(self) -> None:
        elsewhere = Other(K.HOST_LOST, same_subject=False, open=False, mail=M.SENT, sent_at=NOW)
        assert decision(K.DOWN, elsewhere) == Send()


class TestTwoAtOnce:
    def test_what_needs_a_person_says_all_that_being_down_says(self) -> None:
        worse = Other(K.NEEDS_PERSON, same_subject=True, open=True, mail=M.WAITING)
        assert decision(K.DOWN, worse) == Never(MailNote.COVERED)

    def test_an_account_waits_while_its_owner_knows_that_the_host_is_lost(self) -> None:
        lost = Other(K.HOST_LOST, same_subject=False, open=True, mail=M.SENT, sent_at=NOW)
        assert decision(K.DOWN, lost) == Later(NOW + WHILE_HOST_LOST, MailNote.COVERED)

    @pytest.mark.parametrize("mail", [M.SKIPPED, M.FAILED, M.OFF])
    @pytest.mark.parametrize("kind", [K.NEEDS_PERSON, K.HOST_LOST])
    def test_what_was_not_told_covers_nothing(self, mail: MailStatus, kind: AlertKind) -> None:
        assert decision(K.DOWN, Other(kind, same_subject=True, open=True, mail=mail)) == Send()

    def test_one_email_about_an_account_at_a_time(self) -> None:
        other = Other(K.BACKUP_FAILING, same_subject=True, open=True, mail=M.SENDING)
        assert decision(K.DOWN, other) == Later(NOW + AFTER_ANOTHER)


class TestQuietHours:
    NIGHT = QuietHours(start=time(22), until=time(7, 30), time_zone="Europe/Madrid")
    SIESTA = QuietHours(start=time(14), until=time(16), time_zone="Europe/Madrid")

    @pytest.mark.parametrize(
        ("hours", "now", "end"),
        [
            (NIGHT, "2026-05-01T19:59+00:00", None),
            (NIGHT, "2026-05-01T20:00+00:00", "2026-05-02T05:30+00:00"),
            (NIGHT, "2026-05-01T23:00+00:00", "2026-05-02T05:30+00:00"),
            (NIGHT, "2026-05-02T05:30+00:00", None),
            (SIESTA, "2026-01-10T12:59+00:00", None),
            (SIESTA, "2026-01-10T13:00+00:00", "2026-01-10T15:00+00:00"),
            (SIESTA, "2026-01-10T15:00+00:00", None),
            # The night in which the clocks go forward ends an hour earlier in UTC.
            (NIGHT, "2026-03-28T22:00+00:00", "2026-03-29T05:30+00:00"),
            (NIGHT, "2026-03-27T22:00+00:00", "2026-03-28T06:30+00:00"),
        ],
    )
    def test_when_they_end(self, hours: QuietHours, now: str, end: str | None) -> None:
        found = end_of_quiet_hours(hours, datetime.fromisoformat(now))
        assert found == (datetime.fromisoformat(end) if end else None)

    def test_emails_wait_for_it_also_urgent_ones(self) -> None:
        noon = QuietHours(start=time(11), until=time(13), time_zone="UTC")
        waits = decision(K.NEEDS_PERSON, preferences=AlertPreferences(quiet_hours=noon))
        assert waits == Later(NOW.replace(hour=13), MailNote.QUIET)

    @given(
        st.times(),
        st.times(),
        st.datetimes(min_value=datetime(2026, 1, 1), max_value=datetime(2027, 1, 1), timezones=st.just(UTC)),
        st.sampled_from(["Europe/Madrid", "America/New_York", "Australia/Lord_Howe", "Asia/Kathmandu", "UTC"]),
    )
    def test_the_end_is_ahead_and_at_most_a_day(self, start: time, until: time, now: datetime, zone: str) -> None:
        if start.replace(second=0, microsecond=0) == until.replace(second=0, microsecond=0):
            return
        end = end_of_quiet_hours(QuietHours(start=start, until=until, time_zone=zone), now)
        assert end is None or now < end <= now + timedelta(hours=25)

    @pytest.mark.parametrize(
        "wrong",
        [
            {"start": time(7), "until": time(7)},
            {"start": time(7), "until": time(8), "time_zone": "Mars/Olympus"},
            {"start": time(7), "until": time(8), "time_zone": "../../etc/passwd"},
            {"start": time(7), "until": time(8), "time_zone": "\0"},
            {"start": time(7, tzinfo=UTC), "until": time(8)},
        ],
    )
    def test_what_makes_no_sense(self, wrong: dict[str, object]) -> None:
        with pytest.raises(ValueError, match=r"quiet|same|zone"):
            QuietHours(**{"time_zone": "UTC", **wrong})


def test_the_pauses_grow_and_end_at_half_an_hour() -> None:
    pauses = [next_try(tries, lambda: 1.0) for tries in range(1, 12)]
    assert pauses[0] == timedelta(seconds=30)
    assert pauses == sorted(pauses)
    assert pauses[-1] == BACKOFF_CAP
    assert next_try(3, lambda: 0.0) == next_try(3, lambda: 1.0) * 0.75
    assert next_try(10**9, lambda: 1.0) == BACKOFF_CAP
