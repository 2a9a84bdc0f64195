from __future__ import annotations

import pytest

from session_core.domain.queues import JobQueue
from session_core.sending.worker import pool
from session_core.settings import Settings

SENDING, ALERTS = JobQueue.SENDING, JobQueue.ALERTS


@pytest.mark.parametrize(
    ("queues", "smtp_host", "processes"),
    [
        ("sending,alerts", "mail", [SENDING, SENDING, SENDING, ALERTS]),
        ("sending,alerts", None, [SENDING, SENDING, SENDING]),
        ("alerts,sending", "mail", [ALERTS, ALERTS, ALERTS, SENDING]),
        ("alerts", None, [ALERTS, ALERTS, ALERTS]),
    ],
    ids=["both", "no-mail-server", "e-mails-first", "only-what-is-asked-for"],
)
def test_the_first_queue_has_the_pool_and_the_others_a_process_each(
    queues: str, smtp_host: str | None, processes: list[JobQueue]
) -> None:
    assert pool(Settings(workers=3, worker_queues=queues, smtp_host=smtp_host)) == processes
