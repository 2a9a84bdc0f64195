from __future__ import annotations

from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from session_core.domain.backup import KEEP_DAYS, KEEP_NEWEST, Gap, Kept, due_at, superfluous

T0 = datetime(2026, 1, 1, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)
DAY = timedelta(days=1)
FIRST = timedelta(minutes=1)
EVERY = timedelta(hours=6)


def kept(hours: float, *, clean: bool = False) -> Kept:
    """Return a backup made so many hours before T0."""
    return Kept(uuid4(), T0 - hours * HOUR, clean)


backups = st.lists(st.builds(kept, st.floats(0, 24 * 30), clean=st.booleans()), max_size=60)


class TestRetention:
    @given(backups)
    def test_the_newest_three_and_the_newest_clean_one_always_stay(self, found: list[Kept]) -> None:
        gone = superfluous(found)
        newest = sorted(found, key=lambda backup: (backup.created_at, backup.id), reverse=True)
        assert not gone & {backup.id for backup in newest[:KEEP_NEWEST]}
        clean = [backup for backup in newest if backup.clean]
        assert not clean or clean[0].id not in gone

    @given(backups)
    def test_no_more_than_the_rule_says_stay(self, found: list[Kept]) -> None:
        stay = len(found) - len(superfluous(found))
        assert stay <= KEEP_NEWEST + KEEP_DAYS + 1

    @given(backups)
    def test_applying_it_twice_removes_nothing_more(self, found: list[Kept]) -> None:
        gone = superfluous(found)
        assert superfluous([backup for backup in found if backup.id not in gone]) == set()

    def test_one_a_day_for_seven_days_that_have_one(self) -> None:
        daily = [kept(24 * day) for day in range(20)]
        stay = {backup.id for backup in daily} - superfluous(daily)
        assert stay == {backup.id for backup in daily[:KEEP_DAYS]}

    def test_of_a_day_the_newest_stays(self) -> None:
        old = [kept(hours) for hours in (100, 101, 102)]
        new = [kept(hours) for hours in (0, 1, 2)]
        assert superfluous(old + new) == {old[1].id, old[2].id}

    def test_an_old_clean_one_outlives_the_days(self) -> None:
        clean, other = kept(24 * 30, clean=True), kept(24 * 30 + 1, clean=True)
        daily = [kept(24 * day) for day in range(10)]
        gone = superfluous([clean, other, *daily])
        assert clean.id not in gone
        assert other.id in gone

    def test_none(self) -> None:
        assert superfluous([]) == set()

    def test_the_same_moment_is_no_trouble(self) -> None:
        same = [Kept(UUID(int=number), T0, False) for number in range(5)]
        assert superfluous(same) == {UUID(int=0), UUID(int=1)}


def due(last: datetime | None, *, anew: bool = False) -> datetime:
    return due_at(last, T0, linked_anew=anew, first_after=FIRST, every=EVERY)


class TestDue:
    def test_the_first_one_comes_a_minute_after_ready(self) -> None:
        assert due(None) == T0 + FIRST

    def test_then_every_few_hours(self) -> None:
        assert due(T0 + HOUR) == T0 + HOUR + EVERY

    def test_a_restart_of_the_host_does_not_make_one_each_time(self) -> None:
        assert due(T0 - HOUR) == T0 - HOUR + EVERY

    def test_never_sooner_than_a_minute_after_ready(self) -> None:
        assert due(T0 - DAY) == T0 + FIRST

    def test_backups_of_an_earlier_login_do_not_count(self) -> None:
        assert due(T0 - HOUR, anew=True) == T0 + FIRST
        assert due(T0 + HOUR, anew=True) == T0 + HOUR + EVERY


class TestGap:
    """A backup of an hour before T0, restored at T0."""

    @pytest.mark.parametrize(
        ("earliest", "latest", "hidden"),
        [
            (-3 * HOUR, -2 * HOUR, False),
            (-3 * HOUR, -HOUR / 2, True),
            (-HOUR / 2, -HOUR / 4, True),
            (-HOUR / 2, HOUR, True),
            (HOUR, HOUR, False),
        ],
    )
    @pytest.mark.parametrize("closed", [True, False])
    def test_what_was_sent_in_between_is_not_in_the_login(
        self, earliest: timedelta, latest: timedelta, hidden: bool, closed: bool
    ) -> None:
        gap = Gap(begins=T0 - HOUR, closed=closed, ends=T0)
        assert gap.may_hide(T0 + earliest, T0 + latest, timedelta(minutes=1)) is hidden

    @pytest.mark.parametrize("closed", [True, False])
    def test_a_send_under_way_when_the_backup_was_made_is_in_it_only_if_the_browser_was_closed_first(
        self, closed: bool
    ) -> None:
        gap = Gap(begins=T0 - HOUR, closed=closed, ends=T0)
        began = gap.begins - timedelta(seconds=30)
        assert gap.may_hide(began, began, timedelta(minutes=1)) is not closed
