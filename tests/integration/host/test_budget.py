"""What sessions use is measured and told; one that grew too big gets a new browser, and no message is lost."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import timedelta
from pathlib import Path

import pytest

from session_core.browser.usage import Usage
from session_core.bus import condition
from session_core.clock import utcnow
from session_core.core import Core
from session_core.domain import resources
from session_core.domain.message import Ack, MessageStatus
from session_core.domain.resources import Budget, Pressure
from session_core.domain.status import ReasonCode, SessionStatus
from session_core.errors import NotFound
from session_core.host.budget import BudgetKeeper
from session_core.host.profiles import LocalProfiles
from session_core.services import accounts as service
from session_core.tasks import spawn
from session_core.whatsapp.driver import Loaded, MessageSeen
from tests.factories import add_user, read_message
from tests.fakes.drivers import ScriptedDriver, SlowDriver, ready
from tests.integration.host.stage import PATIENCE, Stage
from tests.integration.host.test_commands import claimed, command
from tests.waiting import eventually

S = SessionStatus
MB = 1024**2
BUDGET = Budget(alarm=600 * MB, recycle=800 * MB, least_age=timedelta(0))
OFTEN = timedelta(milliseconds=50)


@dataclass
class CountedProfiles(LocalProfiles):
    """Profiles whose browsers use what the test says."""

    folder: Path
    megabytes: int = 200
    seconds: float = 0.0
    asked: list[Sequence[str]] = field(default_factory=list)

    def __post_init__(self) -> None:
        super().__init__(self.folder)

    async def usage(self, session_ids: Sequence[str]) -> Mapping[str, Usage]:
        self.asked.append(session_ids)
        self.seconds += 0.001
        return {name: Usage(self.megabytes * MB, {(1, 1.0): self.seconds, (2, 1.0): 0.0}) for name in session_ids}


@asynccontextmanager
async def budgeted(stage: Stage, profiles: CountedProfiles) -> AsyncIterator[BudgetKeeper]:
    """Keep the budget of the stage's sessions with numbers of the test's own."""
    house = replace(stage.house, profiles=profiles)
    keeper = BudgetKeeper(house, stage.manager._sessions, BUDGET, every=OFTEN, look_every=OFTEN)
    keeper.start()
    try:
        yield keeper
    finally:
        await keeper.stop()


@pytest.fixture
def profiles(stage: Stage, tmp_path: Path) -> CountedProfiles:
    return CountedProfiles(tmp_path / "profiles")


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Make moments of the test's own quiet: what the right ones are is tried without anything around it."""
    monkeypatch.setattr(resources, "QUIET", dict.fromkeys(Pressure, timedelta(milliseconds=100)))


async def test_usage_is_told_as_a_series(stage: Stage, profiles: CountedProfiles, core: Core) -> None:
    account_id = await stage.linked()
    stage.will_get(ScriptedDriver([Loaded(), ready()]))
    await stage.manager.start()
    await stage.until(account_id, S.READY)
    async with budgeted(stage, profiles):

        async def enough() -> bool:
            return len((await service.resources(core, stage.user_id, account_id)).samples) > 3

        await eventually(enough, PATIENCE)
        found = await service.resources(core, stage.user_id, account_id)
        assert [sample.at for sample in found.samples] == sorted(sample.at for sample in found.samples)
        last = found.samples[-1]
        assert (last.memory, last.processes, found.pressure) == (200 * MB, 2, Pressure.NORMAL)
        # 1 ms of CPU in about 50 ms.
        assert 0 < last.cpu < 20
        assert [set(host.samples) for host in await condition.usage(core.redis)] == [{account_id}]

    async def taken_back() -> bool:
        return await condition.usage(core.redis) == []

    await eventually(taken_back, PATIENCE)
    with pytest.raises(NotFound):
        await service.resources(core, await add_user(core.db), account_id)


async def test_a_series_is_an_hour_long(core: Core, stage: Stage) -> None:
    account_id = await stage.account()
    sample = resources.Sample(at=utcnow(), memory=1, cpu=0, processes=1)
    for number in range(condition.SAMPLES + 5):
        await condition.keep_usage(core.redis, "h", {account_id: sample.model_copy(update={"memory": number})})
    kept = await condition.series(core.redis, account_id)
    assert [one.memory for one in kept] == list(range(5, condition.SAMPLES + 5))


@pytest.mark.usefixtures("impatient")
async def test_a_browser_that_is_too_big_is_replaced_when_nothing_goes_on(
    stage: Stage, profiles: CountedProfiles
) -> None:
    account_id = await stage.linked()
    first, second = ScriptedDriver([Loaded(), ready()]), ScriptedDriver([Loaded(), ready()])
    stage.will_get(first, second)
    await stage.manager.start()
    await stage.until(account_id, S.READY)
    waiting = await claimed(stage, account_id)
    profiles.megabytes = 900
    async with budgeted(stage, profiles):
        asked = len(profiles.asked)
        await eventually(lambda: len(profiles.asked) > asked + 5, PATIENCE)
        assert first.closed == 0, "a message was waiting"
        await stage.core.commands.call(command(waiting), timeout=timedelta(seconds=10))
        await eventually(lambda: second.started, PATIENCE)
        profiles.megabytes = 200
        runtime = await stage.until(account_id, S.READY, ReasonCode.RESTORED)
    assert (first.closed, runtime.attempt, runtime.next_retry_at) == (1, 0, None)
    assert (S.RECONNECTING, ReasonCode.RECYCLED) in [line[1:] for line in await stage.history(account_id)]
    assert (await read_message(stage.core.db, account_id, waiting.id)).status is MessageStatus.SENT
    # What came in since the last known message is looked for by the new browser.
    assert stage.made[1][1] is not None


@pytest.mark.usefixtures("impatient")
async def test_no_text_is_broken_off(stage: Stage, profiles: CountedProfiles) -> None:
    account_id = await stage.linked()
    first, second = SlowDriver([Loaded(), ready()]), ScriptedDriver([Loaded(), ready()])
    first.gate.set()
    stage.will_get(first, second)
    await stage.manager.start()
    await stage.until(account_id, S.READY)
    first.gate.clear()
    row = await claimed(stage, account_id)
    sending = spawn(stage.core.commands.call(command(row), timeout=timedelta(seconds=30)), name="sending")
    session = stage.manager._sessions[account_id]
    await eventually(session.sending.locked, PATIENCE)
    recycling = spawn(session.recycle("900 MB"), name="recycling")
    await asyncio.sleep(0)
    assert session.driver is first
    first.gate.set()
    assert (await sending)["result"] == "sent"
    await recycling
    # From here on nothing is given to the old browser any more.
    assert session.driver is not first
    await eventually(lambda: second.started, PATIENCE)
    await stage.until(account_id, S.READY, ReasonCode.RESTORED)
    assert first.sent
    assert not second.sent


@pytest.mark.usefixtures("impatient")
async def test_what_arrives_puts_it_off(
    stage: Stage, profiles: CountedProfiles, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(resources, "QUIET", dict.fromkeys(Pressure, timedelta(hours=1)))
    account_id = await stage.linked()
    driver = ScriptedDriver([Loaded(), ready()])
    stage.will_get(driver)
    await stage.manager.start()
    await stage.until(account_id, S.READY)
    session = stage.manager._sessions[account_id]
    quiet = session.quiet_for
    await eventually(lambda: session.quiet_for > quiet, PATIENCE)
    seen = MessageSeen("false_1@c.us_A1", "1@c.us", False, None, None, "text", "hola", utcnow(), Ack.DEVICE)
    before = session._last_message_at
    driver.emit(seen)
    await eventually(lambda: session._last_message_at > before, PATIENCE)
    profiles.megabytes = 900
    async with budgeted(stage, profiles):
        await eventually(lambda: len(profiles.asked) > 5, PATIENCE)
    assert driver.closed == 0
