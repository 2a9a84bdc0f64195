from __future__ import annotations

import pytest

from session_core.domain.status import ALLOWED, PublicStatus, SessionStatus, may_follow

S = SessionStatus


def reachable(start: SessionStatus) -> set[SessionStatus]:
    found, todo = {start}, [start]
    while todo:
        for following in ALLOWED[todo.pop()] - found:
            found.add(following)
            todo.append(following)
    return found


def test_the_table_has_every_status() -> None:
    assert set(ALLOWED) == set(SessionStatus)
    assert set().union(*ALLOWED.values()) == set(SessionStatus)


@pytest.mark.parametrize("status", SessionStatus)
def test_every_status_leads_to_every_other(status: SessionStatus) -> None:
    assert reachable(status) == set(SessionStatus)


@pytest.mark.parametrize("status", SessionStatus)
def test_staying_is_allowed_and_said_nowhere(status: SessionStatus) -> None:
    assert may_follow(status, status)
    assert status not in ALLOWED[status] or status is S.RECONNECTING


@pytest.mark.parametrize("status", sorted(set(SessionStatus) - {S.STOPPED, S.STOPPING}))
def test_everything_that_goes_on_can_be_stopped_and_can_break(status: SessionStatus) -> None:
    assert may_follow(status, S.STOPPING)
    assert may_follow(status, S.STOPPED)
    assert may_follow(status, S.ERROR)


@pytest.mark.parametrize("status", sorted({status for status in SessionStatus if status.live} - {S.STOPPING}))
def test_whatever_runs_can_lose_its_connection_or_its_login(status: SessionStatus) -> None:
    assert may_follow(status, S.RECONNECTING)
    assert may_follow(status, S.ACTION_REQUIRED)


@pytest.mark.parametrize("status", [S.STOPPED, S.ACTION_REQUIRED, S.ERROR])
def test_what_rests_starts_from_the_beginning(status: SessionStatus) -> None:
    assert {S.QUEUED, S.LAUNCHING} <= ALLOWED[status]
    assert not {S.LOADING, S.QR, S.LINKING, S.SYNCING, S.READY} & ALLOWED[status]


@pytest.mark.parametrize(
    ("status", "public"),
    [
        (S.STOPPED, "disconnected"),
        (S.QUEUED, "initializing"),
        (S.LAUNCHING, "initializing"),
        (S.LOADING, "initializing"),
        (S.QR, "qr"),
        (S.LINKING, "authenticated"),
        (S.SYNCING, "authenticated"),
        (S.READY, "ready"),
        (S.RECONNECTING, "disconnected"),
        (S.STOPPING, "disconnected"),
        (S.ACTION_REQUIRED, "disconnected"),
        (S.ERROR, "error"),
    ],
)
def test_the_seeds_words(status: SessionStatus, public: str) -> None:
    assert status.public.value == public


def test_every_public_word_is_used() -> None:
    assert {status.public for status in SessionStatus} == set(PublicStatus)
    assert {word.value for word in PublicStatus} == {
        "initializing",
        "qr",
        "authenticated",
        "ready",
        "error",
        "disconnected",
    }


def test_facts_do_not_contradict_each_other() -> None:
    for status in SessionStatus:
        assert not (status.live and status.settled), status
        assert status.needs_person or status.live or status in {S.STOPPED, S.QUEUED, S.RECONNECTING}, status
    assert {status for status in SessionStatus if status.needs_person} == {S.QR, S.ACTION_REQUIRED, S.ERROR}
