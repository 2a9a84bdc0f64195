"""What counts as alive, and what is done about what is not."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from session_core.domain.health import (
    FORGET_AFTER,
    PAUSES,
    Cure,
    Health,
    HealthLevel,
    Ladder,
    Sign,
    Vitals,
    assess,
)

NOW = datetime(2026, 1, 1, tzinfo=UTC)
L, C = HealthLevel, Cure


def vitals(**changes: object) -> Vitals:
    well = Vitals(at=NOW, answer_ms=20, mode="MAIN", info="NORMAL", socket="CONNECTED", last_traffic_at=NOW)
    return well.model_copy(update=changes)


def ago(**duration: float) -> datetime:
    return NOW - timedelta(**duration)


@pytest.mark.parametrize(
    ("seen", "level", "signs"),
    [
        (vitals(), L.HEALTHY, []),
        (vitals(last_traffic_at=ago(hours=9)), L.HEALTHY, []),  # nobody writes at night
        (vitals(last_traffic_at=None), L.HEALTHY, []),
        (vitals(unanswered=1), L.DEGRADED, [Sign.NO_ANSWER]),
        (vitals(unanswered=3), L.DEAF, [Sign.NO_ANSWER]),
        (vitals(answer_ms=3001), L.DEGRADED, [Sign.SLOW_ANSWER]),
        (vitals(at=ago(minutes=2)), L.DEGRADED, [Sign.STALE]),
        (vitals(untold=1), L.DEAF, [Sign.UNTOLD_MESSAGES]),
        (vitals(asked_in_vain=1), L.DEGRADED, [Sign.NO_TRAFFIC]),
        (vitals(asked_in_vain=2), L.DEAF, [Sign.NO_TRAFFIC]),
        (vitals(down_since=ago(seconds=5), socket="OPENING"), L.HEALTHY, []),
        (vitals(down_since=ago(seconds=30), socket="OPENING"), L.DEGRADED, [Sign.SOCKET_DOWN]),
        (vitals(down_since=ago(seconds=90), socket="TIMEOUT"), L.DEAF, [Sign.SOCKET_DOWN]),
        (vitals(down_since=ago(hours=1), socket="TIMEOUT", info="OFFLINE"), L.DEGRADED, [Sign.OFFLINE]),
        (vitals(mode="SYNCING"), L.DEGRADED, [Sign.OFFLINE]),
        (
            vitals(unanswered=4, untold=2, answer_ms=9000),
            L.DEAF,
            [Sign.NO_ANSWER, Sign.UNTOLD_MESSAGES, Sign.SLOW_ANSWER],
        ),
    ],
)
def test_the_finding_follows_from_the_evidence(seen: Vitals, level: HealthLevel, signs: list[Sign]) -> None:
    assert assess(seen, NOW) == (level, tuple(signs))


def test_a_finding_survives_the_bus() -> None:
    health = Health(level=L.DEAF, signs=(Sign.NO_ANSWER,), vitals=vitals(unanswered=3), cures=(C.SWEEP, C.RELOAD))
    assert Health.model_validate_json(health.model_dump_json()) == health


def test_cures_grow_and_each_has_its_time() -> None:
    ladder, now = Ladder(), NOW
    taken = []
    for _ in range(4):
        cure = ladder.step(L.DEAF, now, answers=True)
        assert cure is not None
        taken.append(cure)
        just_before = now + PAUSES[cure] - timedelta(seconds=1)
        assert ladder.step(L.DEAF, just_before, answers=True) is None
        now += PAUSES[cure]
    assert taken == [C.SWEEP, C.RELOAD, C.REPLACE, C.REPLACE]
    assert ladder.taken == tuple(taken)
    assert list(PAUSES.values()) == sorted(PAUSES.values())


def test_a_page_that_does_not_answer_is_replaced_at_once() -> None:
    ladder = Ladder()
    assert ladder.step(L.DEAF, NOW, answers=True) is C.SWEEP
    assert ladder.step(L.DEAF, NOW, answers=False) is C.REPLACE


def test_only_a_page_that_stays_well_begins_anew() -> None:
    ladder = Ladder()
    assert ladder.step(L.DEGRADED, NOW, answers=True) is None
    assert ladder.step(L.DEAF, NOW, answers=True) is C.SWEEP
    later = NOW + timedelta(minutes=1)
    assert ladder.step(L.HEALTHY, later, answers=True) is None
    assert ladder.step(L.DEAF, later, answers=True) is C.RELOAD
    well = later + timedelta(minutes=1)
    ladder.step(L.HEALTHY, well, answers=True)
    ladder.step(L.HEALTHY, well + FORGET_AFTER, answers=True)
    assert ladder.taken == ()
    assert ladder.step(L.DEAF, well + FORGET_AFTER, answers=True) is C.SWEEP
