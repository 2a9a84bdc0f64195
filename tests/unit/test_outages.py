from __future__ import annotations

from structlog.testing import capture_logs

from session_core.outages import Outage


def test_an_outage_is_said_once_and_so_is_its_end() -> None:
    outage = Outage("bus_away", task="sweeper")
    with capture_logs() as lines:
        outage.ends()
        for _ in range(3):
            outage.begins(ConnectionRefusedError("nobody listens"))
        outage.ends(dropped=2)
        outage.ends()
    assert [(line["event"], line["log_level"], line["task"]) for line in lines] == [
        ("bus_away", "warning", "sweeper"),
        ("bus_away_over", "info", "sweeper"),
    ]
    assert "nobody listens" in lines[0]["error"]
    assert lines[1]["dropped"] == 2


def test_the_next_outage_is_said_again() -> None:
    outage = Outage("bus_away")
    with capture_logs() as lines:
        for _ in range(2):
            outage.begins(TimeoutError())
            outage.ends()
    assert [line["event"] for line in lines] == ["bus_away", "bus_away_over"] * 2
