"""How sessions are is known wherever somebody asks, as long as it is true."""

from __future__ import annotations

import pytest

from session_core.bus import keys
from session_core.clock import utcnow
from session_core.domain.health import Health, HealthLevel, Sign, Vitals
from session_core.domain.status import SessionStatus
from session_core.errors import NotFound
from session_core.services import accounts as service
from session_core.whatsapp.driver import Loaded
from tests.factories import add_user
from tests.fakes.drivers import ScriptedDriver, ready
from tests.integration.host.stage import PATIENCE, Stage
from tests.waiting import eventually

S = SessionStatus


def finding(level: HealthLevel, *signs: Sign) -> Health:
    return Health(level=level, signs=signs, vitals=Vitals(at=utcnow(), answer_ms=7))


async def test_health_is_told_and_taken_back(stage: Stage) -> None:
    account_id = await stage.linked()
    driver = ScriptedDriver([Loaded(), ready()])
    driver.found = finding(HealthLevel.HEALTHY)
    stage.will_get(driver)
    await stage.manager.start()
    await stage.until(account_id, S.READY)

    async def shown() -> Health | None:
        return await service.health(stage.core, stage.user_id, account_id)

    assert await eventually(shown, PATIENCE) == driver.found
    assert 0 < await stage.core.redis.pttl(keys.health(account_id)) <= 20_000

    driver.found = finding(HealthLevel.DEAF, Sign.NO_ANSWER)

    async def changed() -> bool:
        health = await shown()
        return health is not None and health.signs == (Sign.NO_ANSWER,)

    await eventually(changed, PATIENCE)
    with pytest.raises(NotFound):
        await service.health(stage.core, await add_user(stage.core.db), account_id)

    await service.disconnect(stage.core, stage.user_id, account_id)
    await stage.until(account_id, S.STOPPED)

    async def taken_back() -> bool:
        return await shown() is None

    await eventually(taken_back, PATIENCE)
