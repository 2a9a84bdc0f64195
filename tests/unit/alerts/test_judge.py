"""What is raised and what is over, as rows and time say it."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import product
from uuid import uuid4

import pytest

from session_core.alerts.judge import (
    HOST_LOST_AFTER,
    NOTHING,
    AccountFacts,
    HostState,
    Verdict,
    host_state,
    judge,
    judge_hosts,
    reason_shown,
)
from session_core.domain.alerts import AlertKind
from session_core.domain.status import Desired, ReasonCode, SessionStatus

NOW = datetime(2026, 5, 1, 12, tzinfo=UTC)
DOWN_AFTER = timedelta(minutes=5)
LONG = NOW - DOWN_AFTER
K, S = AlertKind, SessionStatus

READY = AccountFacts(Desired.CONNECTED, S.READY, linked=True, host=HostState.ALIVE)
BROKEN = replace(READY, status=S.RECONNECTING, down_since=LONG)
UNLINKED = AccountFacts(Desired.STOPPED, S.ACTION_REQUIRED, linked=True)


def verdict(facts: AccountFacts, *opened: AlertKind) -> Verdict:
    return judge(facts, opened, now=NOW, down_after=DOWN_AFTER)


class TestNeedsPerson:
    @pytest.mark.parametrize("status", [S.ACTION_REQUIRED, S.ERROR])
    @pytest.mark.parametrize("desired", [Desired.STOPPED, Desired.CONNECTED])
    def test_a_linked_account_that_gave_up_is_told_once(self, status: SessionStatus, desired: Desired) -> None:
        facts = replace(UNLINKED, status=status, desired=desired)
        assert verdict(facts) == Verdict(begins=K.NEEDS_PERSON)
        assert verdict(facts, K.NEEDS_PERSON) == NOTHING

    def test_a_code_that_nobody_scanned_is_no_news_on_a_new_account(self) -> None:
        assert verdict(replace(UNLINKED, linked=False)) == NOTHING

    def test_an_error_is_told_also_on_a_new_account(self) -> None:
        assert verdict(replace(UNLINKED, linked=False, status=S.ERROR)) == Verdict(begins=K.NEEDS_PERSON)

    def test_it_is_told_besides_being_down(self) -> None:
        assert verdict(UNLINKED, K.DOWN) == Verdict(begins=K.NEEDS_PERSON)

    @pytest.mark.parametrize("status", [S.QUEUED, S.LAUNCHING, S.LOADING, S.QR, S.LINKING, S.SYNCING, S.RECONNECTING])
    def test_trying_again_does_not_end_it(self, status: SessionStatus) -> None:
        trying = replace(BROKEN, status=status)
        assert verdict(trying, K.NEEDS_PERSON) == NOTHING


class TestDown:
    def test_it_is_told_when_the_time_is_over_and_once(self) -> None:
        assert verdict(BROKEN) == Verdict(begins=K.DOWN)
        assert verdict(BROKEN, K.DOWN) == NOTHING
        assert verdict(replace(BROKEN, down_since=LONG + timedelta(seconds=1))) == NOTHING

    @pytest.mark.parametrize("status", [S.QUEUED, S.LAUNCHING, S.LOADING, S.SYNCING, S.STOPPING])
    def test_whatever_it_is_trying(self, status: SessionStatus) -> None:
        assert verdict(replace(BROKEN, status=status)) == Verdict(begins=K.DOWN)

    @pytest.mark.parametrize("status", [S.QR, S.LINKING])
    def test_not_while_somebody_sits_before_the_code(self, status: SessionStatus) -> None:
        assert verdict(replace(BROKEN, status=status)) == NOTHING

    def test_not_before_it_was_ever_linked(self) -> None:
        assert verdict(replace(BROKEN, linked=False)) == NOTHING

    def test_not_without_knowing_since_when(self) -> None:
        assert verdict(replace(BROKEN, down_since=None)) == NOTHING

    def test_ready_is_no_help_when_its_host_is_lost(self) -> None:
        assert verdict(replace(READY, host=HostState.LOST, down_since=LONG)) == Verdict(begins=K.DOWN)
        assert verdict(replace(READY, host=HostState.SILENT, down_since=LONG)) == NOTHING


class TestOver:
    @pytest.mark.parametrize("opened", [{K.DOWN}, {K.NEEDS_PERSON}, {K.DOWN, K.NEEDS_PERSON}])
    def test_ready_is_good_news(self, opened: set[AlertKind]) -> None:
        assert verdict(READY, *opened) == Verdict(ends=frozenset(opened), back=True)

    def test_ready_is_no_news_when_nothing_was_wrong(self) -> None:
        assert verdict(READY) == NOTHING

    @pytest.mark.parametrize("host", [HostState.SILENT, HostState.LOST])
    def test_a_row_says_nothing_while_its_host_is_silent(self, host: HostState) -> None:
        assert not verdict(replace(READY, host=host), K.DOWN).ends

    @pytest.mark.parametrize("status", [S.STOPPED, S.STOPPING, S.RECONNECTING, S.READY])
    def test_its_owner_stopped_it(self, status: SessionStatus) -> None:
        facts = replace(READY, desired=Desired.STOPPED, status=status)
        assert verdict(facts, K.DOWN) == Verdict(ends=frozenset({K.DOWN}))

    def test_deleted_with_everything(self) -> None:
        facts = replace(UNLINKED, deleted=True, desired=Desired.DELETED)
        everything = {K.DOWN, K.NEEDS_PERSON, K.BACKUP_FAILING}
        assert verdict(facts, *everything) == Verdict(ends=frozenset(everything))

    def test_backups_have_their_own_end(self) -> None:
        assert verdict(READY, K.BACKUP_FAILING) == NOTHING

    @pytest.mark.parametrize(
        "facts",
        [
            READY,
            UNLINKED,
            replace(READY, desired=Desired.STOPPED, status=S.STOPPED),
            replace(READY, linked=False),
        ],
    )
    def test_a_login_that_is_there_or_may_come_back_is_to_be_backed_up(self, facts: AccountFacts) -> None:
        assert K.BACKUP_FAILING not in verdict(facts, K.BACKUP_FAILING).ends

    @pytest.mark.parametrize(("desired", "status"), [(Desired.STOPPED, S.STOPPED), (Desired.CONNECTED, S.QR)])
    def test_without_a_login_no_backup_fails(self, desired: Desired, status: SessionStatus) -> None:
        logged_out = replace(READY, desired=desired, status=status, linked=False)
        assert verdict(logged_out, K.BACKUP_FAILING) == Verdict(ends=frozenset({K.BACKUP_FAILING}))

    def test_what_else_is_new_is_told_when_the_login_is_gone(self) -> None:
        facts = replace(UNLINKED, linked=False, status=S.ERROR)
        assert verdict(facts, K.BACKUP_FAILING) == Verdict(begins=K.NEEDS_PERSON, ends=frozenset({K.BACKUP_FAILING}))


def test_a_second_look_never_finds_more() -> None:
    """What a verdict leads to is no reason for another one: any number of looks tell once."""
    times = (None, LONG, NOW)
    for desired, status, linked, deleted, host, since in product(
        Desired, S, (True, False), (True, False), HostState, times
    ):
        facts = AccountFacts(desired, status, linked, deleted, host, since)
        for opened in (set(), {K.DOWN}, {K.NEEDS_PERSON}, {K.DOWN, K.NEEDS_PERSON}, {K.BACKUP_FAILING}):
            first = verdict(facts, *opened)
            after = (opened - first.ends) | ({first.begins} if first.begins else set())
            assert first.begins not in opened
            assert first.ends <= opened
            assert verdict(facts, *after) == NOTHING, facts


class TestHosts:
    ANA, EVA = uuid4(), uuid4()

    def test_each_user_of_a_lost_host_is_told_once(self) -> None:
        holding = {(self.ANA, "one"), (self.EVA, "one"), (self.EVA, "two")}
        states = {"one": HostState.LOST, "two": HostState.ALIVE}
        assert judge_hosts(holding, set(), states).begins == {(self.ANA, "one"), (self.EVA, "one")}
        assert judge_hosts(holding, {(self.ANA, "one")}, states).begins == {(self.EVA, "one")}

    def test_silence_is_too_early(self) -> None:
        verdict = judge_hosts({(self.ANA, "one")}, set(), {"one": HostState.SILENT})
        assert not verdict.begins

    @pytest.mark.parametrize("state", [HostState.SILENT, HostState.LOST])
    def test_it_stays_while_it_is_silent(self, state: HostState) -> None:
        assert not judge_hosts({(self.ANA, "one")}, {(self.ANA, "one")}, {"one": state}).ends

    def test_it_is_over_when_it_is_heard_of_or_others_took_over(self) -> None:
        one = (self.ANA, "one")
        assert judge_hosts({one}, {one}, {"one": HostState.ALIVE}).ends == {one}
        assert judge_hosts({(self.ANA, "two")}, {one}, {"one": HostState.LOST}).ends == {one}

    @pytest.mark.parametrize(
        ("host", "since", "state"),
        [
            (None, None, HostState.NONE),
            ("one", None, HostState.ALIVE),
            ("one", NOW, HostState.SILENT),
            ("one", NOW - HOST_LOST_AFTER + timedelta(seconds=1), HostState.SILENT),
            ("one", NOW - HOST_LOST_AFTER, HostState.LOST),
        ],
    )
    def test_how_a_host_is(self, host: str | None, since: datetime | None, state: HostState) -> None:
        assert host_state(host, {"one": since} if since else {}, NOW) is state


def test_the_reason_of_a_lost_host_is_not_what_its_row_says() -> None:
    assert reason_shown(K.DOWN, ReasonCode.NONE, HostState.LOST) is ReasonCode.HOST_STOPPED
    assert reason_shown(K.DOWN, ReasonCode.OFFLINE, HostState.ALIVE) is ReasonCode.OFFLINE
