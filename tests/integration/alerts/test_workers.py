"""Alerts as they run: worker services, their processes, and what dies in them."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

import psutil
import pytest

from session_core.alerts import queue, service
from session_core.core import Core
from session_core.domain.alerts import AlertKind, MailStatus
from session_core.settings import Settings
from tests.integration.alerts.scene import alerts, linked_account, make_due, relinked, unlinked
from tests.integration.sending.lanes import environment
from tests.servers.processes import start, start_service, stop
from tests.servers.smtp import MailServer, running_smtp
from tests.waiting import eventually

LONG = timedelta(seconds=90)
"""A process that dies in the middle of a look keeps the turn for 70 s."""


@pytest.fixture
def database_kind() -> str:
    """SQLite: the decisions were tried on both, this is about processes."""
    return "sqlite"


@contextmanager
def workers(settings: Settings, log: Path) -> Iterator[psutil.Process]:
    """Run a worker service that sends e-mails."""
    mail = {
        "WHAHOOK_WORKERS": "1",
        "WHAHOOK_PUBLIC_URL": settings.public_url,
        "SMTP_HOST": settings.smtp_host or "",
        "SMTP_PORT": str(settings.smtp_port),
        "SMTP_STARTTLS": settings.smtp_starttls,
    }
    process = start_service("worker", env=environment(settings, **mail), log=log)
    try:
        yield psutil.Process(process.pid)
    finally:
        stop(process)


def mailers(service: psutil.Process) -> list[psutil.Process]:
    """Return the processes of a service that send e-mails now."""
    return [child for child in service.children() if queue.QUEUE in _command(child)]


def _command(process: psutil.Process) -> list[str]:
    try:
        return process.cmdline()
    except psutil.Error:
        return []


async def everything_is(core: Core, status: MailStatus, count: int) -> bool:
    return [alert.mail for alert in await alerts(core)] == [status] * count


@pytest.mark.slow
async def test_two_services_and_a_death_in_the_middle_make_one_email_each(
    core: Core, settings: Settings, smtp: MailServer, tmp_path: Path
) -> None:
    smtp.hangs = 1
    ids = [await linked_account(core) for _ in range(4)]
    with workers(settings, tmp_path / "one.log") as one, workers(settings, tmp_path / "two.log") as two:
        await eventually(lambda: mailers(one) and mailers(two), LONG, "both services send")
        for account_id in ids:
            await unlinked(core, account_id)
        await asyncio.wait_for(smtp.hanging.wait(), LONG.total_seconds())
        # The server has an e-mail, and has not said yes. All who could have handed it over die, one with its service.
        for process in (one, *mailers(one), *mailers(two)):
            process.kill()
        await eventually(lambda: len(mailers(two)) == 1, LONG, "a new process sends")
        # Either process that died may have had one in hand, which stays its own until its claim has run out.
        await eventually(lambda: smtp_has(smtp, 2), LONG, "the other e-mails")
        assert len(await alerts(core)) == 4
        await make_due(core)
        await eventually(lambda: everything_is(core, MailStatus.SENT, 4), LONG, "every alert is told")

        for account_id in ids:
            await relinked(core, account_id)
        await eventually(lambda: everything_is(core, MailStatus.SENT, 8), LONG, "and its end")
    assert sorted(message["Message-ID"] for message in smtp.taken) == sorted(
        f"<alert-{alert.id}@wa.example.org>" for alert in await alerts(core)
    )


def smtp_has(smtp: MailServer, count: int) -> bool:
    return len(smtp.taken) >= count


async def test_a_mail_server_that_comes_back(core: Core, settings: Settings, tmp_path: Path) -> None:
    async with running_smtp() as gone:
        port = gone.port
    settings = settings.model_copy(update={"smtp_port": port})
    await unlinked(core, await linked_account(core))
    with workers(settings, tmp_path / "worker.log"):
        await eventually(lambda: tried(core, 1), LONG, "a try")
        async with running_smtp(port=port) as back:
            await make_due(core)
            await eventually(lambda: everything_is(core, MailStatus.SENT, 1), LONG, "the e-mail")
    assert len(back.taken) == 1
    assert "alert_mail_not_sent" in (tmp_path / "worker.log").read_text()


async def test_rqs_own_worker_sends_too(core: Core, settings: Settings, smtp: MailServer, tmp_path: Path) -> None:
    await unlinked(core, await linked_account(core))
    looking = service.Alerts(core)
    await looking._round()
    await looking.stop()
    mail = {"SMTP_HOST": settings.smtp_host or "", "SMTP_PORT": str(smtp.port), "SMTP_STARTTLS": "off"}
    command = [sys.executable, "-m", "rq.cli", "worker", "-c", "session_core.sending.rq_settings", queue.QUEUE]
    worker = start(command, env=environment(settings, **mail), log=tmp_path / "rq.log")
    try:
        await eventually(lambda: everything_is(core, MailStatus.SENT, 1), LONG, "the e-mail")
    finally:
        stop(worker)
    assert len(smtp.taken) == 1


async def tried(core: Core, times: int) -> bool:
    found = await alerts(core)
    return bool(found) and found[0].tries >= times and found[0].mail is MailStatus.WAITING


async def test_without_a_mail_server_the_log_says_so_once_and_the_page_has_the_alert(
    core: Core, settings: Settings, tmp_path: Path
) -> None:
    log = tmp_path / "worker.log"
    with workers(settings.model_copy(update={"smtp_host": None}), log) as process:
        await unlinked(core, await linked_account(core))
        await eventually(lambda: everything_is(core, MailStatus.OFF, 1), LONG, "the alert")
        assert mailers(process) == []
        await unlinked(core, await linked_account(core))
        await eventually(lambda: everything_is(core, MailStatus.OFF, 2), LONG, "another look")
    assert log.read_text().count("alerts_without_mail") == 1


class TestTurns:
    """One process looks at a time; any of them may."""

    @pytest.fixture
    def looks(self, monkeypatch: pytest.MonkeyPatch) -> list[str]:
        """Names of those who looked."""
        found: list[str] = []
        monkeypatch.setattr(service, "look", self.counting(found))
        return found

    @staticmethod
    def counting(found: list[str]) -> Callable[..., object]:
        async def look(core: Core, _now: object) -> None:
            found.append(str(core.settings.data_dir))

        return look

    async def test_of_two_one_looks_in_each_period(self, core: Core, looks: list[str]) -> None:
        both = [service.Alerts(core, every=timedelta(minutes=1)) for _ in range(2)]
        for one in both:
            await one._round()
        assert len(looks) == 1
        for one in both:
            await one.stop()

    async def test_a_look_that_fails_gives_the_turn_back(self, core: Core, monkeypatch: pytest.MonkeyPatch) -> None:
        async def away(_core: Core, _now: object) -> None:
            raise ConnectionRefusedError("the database is away")

        monkeypatch.setattr(service, "look", away)
        one = service.Alerts(core, every=timedelta(milliseconds=100))
        with pytest.raises(ConnectionRefusedError):
            await one._round()
        found: list[str] = []
        monkeypatch.setattr(service, "look", self.counting(found))

        async def again() -> bool:
            await one._round()
            return bool(found)

        await eventually(again, timedelta(seconds=5), "the turn is free long before it would run out")
        await one.stop()

    async def test_a_job_waits_in_the_queue_once(self, core: Core) -> None:
        await unlinked(core, await linked_account(core))
        one = service.Alerts(core, every=timedelta(milliseconds=1))
        for _ in range(3):
            await eventually(one_round(one, core))
        assert await core.redis.llen(f"rq:queue:{queue.QUEUE}") == 1
        assert [alert.kind for alert in await alerts(core)] == [AlertKind.NEEDS_PERSON]
        await one.stop()

    async def test_no_more_jobs_are_queued_than_are_worked_off(
        self, core: Core, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(service, "FULL", 2)
        monkeypatch.setattr(service, "QUEUED_FOR", timedelta(milliseconds=1))
        for _ in range(3):
            await unlinked(core, await linked_account(core))
        one = service.Alerts(core, every=timedelta(milliseconds=1))
        for _ in range(5):
            await eventually(one_round(one, core))
        assert await core.redis.llen(f"rq:queue:{queue.QUEUE}") == 2
        await one.stop()


def one_round(one: service.Alerts, core: Core) -> Callable[[], object]:
    async def run() -> bool:
        await one._round()
        return True

    return run
