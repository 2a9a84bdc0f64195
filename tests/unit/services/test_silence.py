"""What an account's row says after its host fell silent."""

from __future__ import annotations

from datetime import timedelta

import pytest

from session_core.domain.status import ReasonCode, SessionStatus
from session_core.services.silence import as_it_is
from tests.unit.whahook_app.views.snapshots import NOW, snapshot

S = SessionStatus
SILENT = {"one": NOW}


def test_an_account_of_a_silent_host_is_not_ready_whatever_its_row_says() -> None:
    shown = as_it_is(snapshot(status=S.READY, host_id="one", status_since=NOW - timedelta(hours=1), attempt=3), SILENT)
    assert (shown.status, shown.reason_code) == (S.RECONNECTING, ReasonCode.HOST_LOST)
    assert (shown.status_since, shown.attempt, shown.next_retry_at) == (NOW, 0, None)


@pytest.mark.parametrize("host", ["two", None])
def test_accounts_of_others_are_as_they_say(host: str | None) -> None:
    ready = snapshot(status=S.READY, host_id=host)
    assert as_it_is(ready, SILENT) == ready


@pytest.mark.parametrize(
    ("status", "reason"),
    [
        (S.ACTION_REQUIRED, ReasonCode.UNLINKED),
        (S.STOPPED, ReasonCode.REQUESTED),
        (S.RECONNECTING, ReasonCode.HOST_STOPPED),
        (S.RECONNECTING, ReasonCode.BUS_UNREACHABLE),
    ],
)
def test_what_was_said_before_the_silence_stays(status: SessionStatus, reason: ReasonCode) -> None:
    said = snapshot(status=status, reason_code=reason, host_id="one")
    assert as_it_is(said, SILENT) == said
