"""A real host process with real browsers on the sandbox: the whole life of an account, faults included."""

from __future__ import annotations

import os
import signal
import subprocess
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from uuid import UUID

import psutil
import pytest

from session_core.browser import processes
from session_core.clock import utcnow
from session_core.core import Core
from session_core.domain.commands import SendOutcome
from session_core.domain.events import SessionSnapshot
from session_core.domain.health import HealthLevel
from session_core.domain.message import Direction, MessageStatus
from session_core.domain.status import AccountKind, ReasonCode, SessionStatus
from session_core.services import accounts as service
from session_core.services import messages as message_service
from session_core.services import outgoing
from session_core.settings import Settings
from session_core.store import accounts, messages
from tests.factories import add_message, add_user, read_message
from tests.integration.host.test_commands import command, events_of
from tests.servers.processes import start_service, stop
from tests.servers.sandbox import RunningSandbox, running_sandbox
from tests.waiting import eventually

S = SessionStatus
PATIENCE = timedelta(seconds=60)
"""Two busy cores and a Chromium that starts."""

FRIEND = "34611000001"


@pytest.fixture
async def sandbox(tmp_path: Path) -> AsyncIterator[RunningSandbox]:
    async with running_sandbox(tmp_path / "sandbox") as running:
        await running.config(ackDeviceMs=50, ackReadMs=100, syncMs=100, resumeMs=100)
        yield running


@pytest.fixture
def settings(settings: Settings, sandbox: RunningSandbox) -> Settings:
    return settings.model_copy(update={"sandbox_port": sandbox.http_port})


POLL = {"pollName": "When?", "pollOptions": [{"name": "now", "localId": 0}, {"name": "later", "localId": 1}]}


def environment(settings: Settings) -> dict[str, str]:
    """Return the variables that give a process this test's data, database, bus and sandbox."""
    assert settings.database_url_setting is not None
    assert settings.redis_url_setting is not None
    return {
        "WHAHOOK_DATA_DIR": str(settings.data_dir),
        "DATABASE_URL": settings.database_url_setting,
        "REDIS_URL": settings.redis_url_setting,
        "WHAHOOK_SANDBOX_PORT": str(settings.sandbox_port),
        "WHAHOOK_WORKERS": "1",
    }


@dataclass
class RealHost:
    """``python -m session_core host`` with a data folder of its own."""

    settings: Settings
    log: Path
    process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        self.process = start_service("host", env=environment(self.settings), log=self.log)

    def kill(self) -> None:
        """SIGKILL, as a crash or the kernel's memory killer does it."""
        assert self.process is not None
        self.process.kill()
        self.process.wait()

    def stop(self) -> int:
        assert self.process is not None
        return stop(self.process, timedelta(seconds=30))


@pytest.fixture
def host(settings: Settings, tmp_path: Path) -> Iterator[RealHost]:
    host = RealHost(settings, tmp_path / "host.log")
    host.start()
    try:
        yield host
    finally:
        if host.process is not None:
            stop(host.process, timedelta(seconds=30))


@dataclass
class Owner:
    """The person whose accounts these are."""

    core: Core
    user_id: UUID

    async def snapshot(self, account_id: UUID) -> SessionSnapshot:
        return await service.get(self.core, self.user_id, account_id)

    async def until(
        self, account_id: UUID, status: SessionStatus, *reasons: ReasonCode, after: int = 0
    ) -> SessionSnapshot:
        """Return the account once it shows the status, by a change after the one with number ``after``."""

        async def shown() -> SessionSnapshot | None:
            found = await self.snapshot(account_id)
            fits = found.seq > after and found.status is status and (not reasons or found.reason_code in reasons)
            return found if fits else None

        return await eventually(shown, PATIENCE, f"{status} {reasons}")

    async def send(self, account_id: UUID, text: str) -> UUID:
        """Hand a text to the host as the lane does it."""
        row = await add_message(self.core.db, account_id, chat_id=f"{FRIEND}@c.us", text=text)
        async with self.core.db.begin() as session:
            assert await messages.claim(session, row.id, "token", utcnow(), utcnow() + timedelta(minutes=1))
        answer = await self.core.commands.call(command(row, "token"), timeout=timedelta(seconds=30))
        assert SendOutcome.model_validate(answer).result == "sent"
        return row.id

    async def incoming(self, account_id: UUID) -> list[tuple[str, bool]]:
        """Return text and "replayed" of what came in, oldest first."""
        found = await message_service.list_messages(self.core, self.user_id, account_id, direction=Direction.IN)
        return [(message.text, message.replayed) for message in reversed(found)]


@pytest.fixture
async def owner(core: Core) -> Owner:
    return Owner(core, await add_user(core.db))


@pytest.mark.slow
async def test_an_account_lives_through_crashes_and_ends_without_a_trace(
    owner: Owner, host: RealHost, sandbox: RunningSandbox
) -> None:
    account = await service.create(owner.core, owner.user_id, name="Shop", kind=AccountKind.SANDBOX)
    account_id = account.account_id
    profile = host.settings.whatsapp_sessions_dir / account.session_id
    phone = sandbox.phone("34600112233", "Ana")

    await service.connect(owner.core, owner.user_id, account_id)
    shown = await eventually(lambda: _code(owner, account_id), PATIENCE, "a code")
    await phone.scan(shown)
    ready = await owner.until(account_id, S.READY, ReasonCode.NONE)
    assert (ready.phone_number, ready.push_name) == ("34600112233", "Ana")

    sent = await owner.send(account_id, "out")
    await eventually(lambda: _has_status(owner, account_id, sent, MessageStatus.READ), PATIENCE, "read")
    first = await phone.write(FRIEND, "in")
    poll = await phone.write(FRIEND, "", type="poll_creation", content=POLL)
    await eventually(lambda: _came_in(owner, account_id, "in"), PATIENCE, "message in")

    # Chromium dies.
    for process in processes.of_profile(profile):
        _kill(process)
    broken = await owner.until(account_id, S.RECONNECTING, ReasonCode.BROWSER_CRASHED, ReasonCode.PAGE_CRASHED)
    await phone.write(FRIEND, "while the browser was away")
    await phone.react(FRIEND, first["id"], "👍")
    await phone.vote(FRIEND, poll["id"], "later")
    ready = await owner.until(account_id, S.READY, ReasonCode.RESTORED, after=broken.seq)
    await eventually(lambda: _came_in(owner, account_id, "while the browser was away"), PATIENCE, "sweep")
    await eventually(lambda: _done_by_friend(owner, account_id, "👍", "later"), PATIENCE, "reaction and vote")

    # The host dies.
    host.kill()
    await phone.write(FRIEND, "while the host was away")
    host.start()
    ready = await owner.until(account_id, S.READY, ReasonCode.RESTORED, after=ready.seq)
    await eventually(lambda: _came_in(owner, account_id, "while the host was away"), PATIENCE, "sweep")

    # The host is stopped in order: everything is closed, the account stays wanted.
    browsers = processes.of_profile(profile)
    assert browsers
    assert host.stop() == 0
    assert processes.of_profile(profile) == []
    left = await owner.snapshot(account_id)
    assert (left.status, left.reason_code) == (S.RECONNECTING, ReasonCode.HOST_STOPPED)
    host.start()
    await owner.until(account_id, S.READY, ReasonCode.RESTORED, after=left.seq)

    texts = [text for text, _ in await owner.incoming(account_id)]
    events = await events_of(owner.core, account_id)
    assert [events.count(name) for name in ("message.reaction", "poll.vote")] == [1, 1]
    assert texts == ["in", "When?\nnow\nlater", "while the browser was away", "while the host was away"]
    assert [(message["text"], message["times"]) for message in await phone.received()] == [("out", 1)]

    # The phone removes the device.
    await phone.unlink()
    ended = await owner.until(account_id, S.ACTION_REQUIRED, ReasonCode.UNLINKED)
    await eventually(lambda: not processes.of_profile(profile), PATIENCE, "browser closed")
    await service.connect(owner.core, owner.user_id, account_id)
    await owner.until(account_id, S.QR, ReasonCode.UNLINKED, after=ended.seq)
    await phone.scan(await eventually(lambda: _code(owner, account_id), PATIENCE, "a code"))
    await owner.until(account_id, S.READY)

    await service.delete(owner.core, owner.user_id, account_id)
    await eventually(lambda: _is_gone(owner, account_id), PATIENCE, "purged")
    assert not profile.exists()
    assert processes.of_profile(profile) == []
    assert (await phone.view())["devices"] == []


@pytest.mark.slow
async def test_a_logout_and_a_pairing_code(owner: Owner, host: RealHost, sandbox: RunningSandbox) -> None:
    account = await service.create(owner.core, owner.user_id, name="Shop", kind=AccountKind.SANDBOX)
    phone = sandbox.phone("34600445566", "Eva")
    await service.connect(owner.core, owner.user_id, account.account_id)
    await owner.until(account.account_id, S.QR)
    await phone.pair(await service.pairing_code(owner.core, owner.user_id, account.account_id, phone.number))
    ready = await owner.until(account.account_id, S.READY)
    assert len((await phone.view())["devices"]) == 1
    # Stopped first: then the host has to start a browser only to log out.
    await service.disconnect(owner.core, owner.user_id, account.account_id)
    stopped = await owner.until(account.account_id, S.STOPPED, ReasonCode.REQUESTED, after=ready.seq)
    await service.disconnect(owner.core, owner.user_id, account.account_id, logout=True)
    ended = await owner.until(account.account_id, S.STOPPED, ReasonCode.LOGGED_OUT, after=stopped.seq)
    assert ended.phone_number is None
    assert (await phone.view())["devices"] == []


@pytest.mark.slow
async def test_texts_wait_for_ready_and_go_out_in_order_through_the_worker(
    owner: Owner, host: RealHost, sandbox: RunningSandbox, tmp_path: Path
) -> None:
    account = await service.create(owner.core, owner.user_id, name="Shop", kind=AccountKind.SANDBOX)
    account_id = account.account_id
    phone = sandbox.phone("34600778899", "Leo")
    worker = start_service("worker", env=environment(host.settings), log=tmp_path / "worker.log")
    try:
        for text in ("one", "two", "three"):
            await outgoing.send_text(owner.core, owner.user_id, account_id, to=f"+{FRIEND}", text=text)
        await service.connect(owner.core, owner.user_id, account_id)
        await phone.scan(await eventually(lambda: _code(owner, account_id), PATIENCE, "a code"))
        await owner.until(account_id, S.READY)
        await eventually(lambda: _all_read(owner, account_id, 3), PATIENCE, "all read")
    finally:
        stop(worker, timedelta(seconds=30))
    received = await phone.received()
    assert [(message["text"], message["times"]) for message in received] == [("one", 1), ("two", 1), ("three", 1)]
    assert (await events_of(owner.core, account_id)).count("message.sent") == 3


@pytest.mark.chaos
async def test_a_browser_that_stands_still_is_replaced_and_can_be_stopped_by_force(
    owner: Owner, host: RealHost, sandbox: RunningSandbox
) -> None:
    account = await service.create(owner.core, owner.user_id, name="Shop", kind=AccountKind.SANDBOX)
    account_id = account.account_id
    profile = host.settings.whatsapp_sessions_dir / account.session_id
    phone = sandbox.phone("34600990011", "Sol")
    await service.connect(owner.core, owner.user_id, account_id)
    await phone.scan(await eventually(lambda: _code(owner, account_id), PATIENCE, "a code"))
    ready = await owner.until(account_id, S.READY)
    await eventually(lambda: _level(owner, account_id, HealthLevel.HEALTHY), PATIENCE, "healthy")

    _stop_all(profile)
    await phone.write(FRIEND, "while it stood still")
    await eventually(lambda: _level(owner, account_id, HealthLevel.DEGRADED), PATIENCE, "degraded")
    deaf = await owner.until(account_id, S.RECONNECTING, ReasonCode.DEAF, after=ready.seq)
    ready = await owner.until(account_id, S.READY, ReasonCode.RESTORED, after=deaf.seq)
    await eventually(lambda: _came_in(owner, account_id, "while it stood still"), PATIENCE, "sweep")
    await eventually(lambda: _level(owner, account_id, HealthLevel.HEALTHY), PATIENCE, "healthy")

    _stop_all(profile)
    began = utcnow()
    await service.force_stop(owner.core, owner.user_id, account_id)
    stopped = await owner.until(account_id, S.STOPPED, ReasonCode.REQUESTED, after=ready.seq)
    assert processes.of_profile(profile) == []
    # The driver's own way to close a browser that does not answer takes about half a minute.
    assert utcnow() - began < timedelta(seconds=20)

    await service.connect(owner.core, owner.user_id, account_id)
    await owner.until(account_id, S.READY, ReasonCode.RESTORED, after=stopped.seq)
    assert [text for text, _ in await owner.incoming(account_id)] == ["while it stood still"]


async def test_a_second_host_on_the_same_data_folder_says_so_and_ends(
    owner: Owner, host: RealHost, tmp_path: Path
) -> None:
    await eventually(lambda: (host.settings.data_dir / "host_id").exists(), PATIENCE)
    second = RealHost(host.settings, tmp_path / "second.log")
    second.start()
    assert second.process is not None
    assert second.process.wait(30) == 1
    lines = [line for line in second.log.read_text().splitlines() if "Another host" in line]
    assert len(lines) == 1


async def _code(owner: Owner, account_id: UUID) -> str | None:
    snapshot = await owner.snapshot(account_id)
    return snapshot.qr.code if snapshot.qr is not None else None


async def _has_status(owner: Owner, account_id: UUID, message_id: UUID, status: MessageStatus) -> bool:
    return (await read_message(owner.core.db, account_id, message_id)).status is status


async def _all_read(owner: Owner, account_id: UUID, count: int) -> bool:
    found = await message_service.list_messages(owner.core, owner.user_id, account_id, direction=Direction.OUT)
    return [message.status for message in found] == [MessageStatus.READ] * count


async def _came_in(owner: Owner, account_id: UUID, text: str) -> bool:
    return text in [found for found, _ in await owner.incoming(account_id)]


async def _done_by_friend(owner: Owner, account_id: UUID, emoji: str, option: str) -> bool:
    found = await message_service.list_messages(owner.core, owner.user_id, account_id, direction=Direction.IN)
    emojis = [one.emoji for message in found for one in message.reactions]
    options = [chosen for message in found for one in message.votes for chosen in one.options]
    return (emojis, options) == ([emoji], [option])


async def _is_gone(owner: Owner, account_id: UUID) -> bool:
    async with owner.core.db.read() as session:
        return await accounts.get(session, account_id) is None


async def _level(owner: Owner, account_id: UUID, level: HealthLevel) -> bool:
    health = await service.health(owner.core, owner.user_id, account_id)
    return health is not None and health.level is level


def _stop_all(profile: Path) -> None:
    """Let a whole browser stand still, as a machine without memory or CPU does."""
    found = processes.of_profile(profile)
    assert found
    for process in found:
        process.send_signal(signal.SIGSTOP)


def _kill(process: psutil.Process) -> None:
    try:
        os.kill(process.pid, signal.SIGKILL)
    except ProcessLookupError:
        return
