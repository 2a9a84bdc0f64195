from __future__ import annotations

from datetime import UTC, datetime, timedelta

from session_core.domain.health import HealthLevel, Sign
from session_core.whatsapp.snapshot import Snapshot
from session_core.whatsapp.vitals import REMEMBERED, Watch

NOW = datetime(2026, 1, 1, tzinfo=UTC)


class HandClock:
    """Moves when it is told to."""

    def __init__(self) -> None:
        self.time = NOW

    def now(self) -> datetime:
        return self.time

    def pass_by(self, **duration: float) -> None:
        self.time += timedelta(**duration)


def snapshot(state: str | None = "CONNECTED", **more: object) -> Snapshot:
    return Snapshot.model_validate({"n": 1, "mode": "MAIN", "info": "NORMAL", "state": state, **more})


def test_a_page_that_answers_is_well() -> None:
    clock = HandClock()
    watch = Watch(clock)
    watch.see(snapshot(traffic=NOW.timestamp() * 1000))
    watch.answered(timedelta(milliseconds=12))
    health = watch.health()
    assert (health.level, health.signs) == (HealthLevel.HEALTHY, ())
    assert (health.vitals.answer_ms, health.vitals.socket, health.vitals.last_traffic_at) == (12, "CONNECTED", NOW)


def test_silence_counts_until_the_next_answer() -> None:
    watch = Watch(HandClock())
    for _ in range(3):
        watch.silent()
    assert watch.health().level is HealthLevel.DEAF
    assert not watch.answers
    watch.answered(timedelta(0))
    assert watch.answers
    assert watch.health().level is HealthLevel.HEALTHY


def test_a_socket_that_stays_down_is_timed_from_its_first_sight() -> None:
    clock = HandClock()
    watch = Watch(clock)
    watch.see(snapshot("OPENING"))
    clock.pass_by(seconds=89)
    watch.see(snapshot("TIMEOUT"))
    watch.answered(timedelta(0))
    assert watch.health().signs == (Sign.SOCKET_DOWN,)
    clock.pass_by(seconds=1)
    assert watch.health().level is HealthLevel.DEAF
    watch.see(snapshot())
    assert watch.health().vitals.down_since is None


def test_a_socket_that_says_nothing_is_not_down() -> None:
    clock = HandClock()
    watch = Watch(clock)
    watch.see(snapshot(None))
    clock.pass_by(hours=1)
    watch.see(snapshot(None))
    watch.answered(timedelta(0))
    assert watch.health().level is HealthLevel.HEALTHY


def test_traffic_never_lies_ahead_and_answers_open_questions() -> None:
    clock = HandClock()
    watch = Watch(clock)
    watch.traffic(NOW + timedelta(hours=1))
    assert watch.health().vitals.last_traffic_at == NOW
    clock.pass_by(minutes=5)
    assert watch.silent_for() == timedelta(minutes=5)
    watch.in_vain()
    watch.in_vain()
    assert watch.health().signs[0] is Sign.NO_TRAFFIC
    watch.traffic(NOW - timedelta(hours=1))
    assert watch.asked_in_vain == 2
    watch.traffic()
    assert (watch.asked_in_vain, watch.silent_for()) == (0, timedelta(0))


def test_a_new_document_begins_without_guilt() -> None:
    clock = HandClock()
    watch = Watch(clock)
    watch.untold(2)
    watch.in_vain()
    clock.pass_by(hours=1)
    watch.begin_anew()
    health = watch.health()
    assert (health.level, health.vitals.untold, watch.silent_for()) == (HealthLevel.HEALTHY, 0, timedelta(0))


def test_what_was_told_is_known_under_both_names_of_a_chat() -> None:
    watch = Watch(HandClock())
    watch.told("false_34600111222@c.us_KEY")
    assert watch.was_told("false_9988@lid_KEY")
    assert not watch.was_told("true_34600111222@c.us_KEY")
    watch.told("no id of WhatsApp's")
    assert watch.was_told("no id of WhatsApp's")
    for number in range(REMEMBERED):
        watch.told(f"false_1@c.us_{number}")
    assert not watch.was_told("false_9988@lid_KEY")
