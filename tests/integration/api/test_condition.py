"""How an account's session is, over REST."""

from __future__ import annotations

from uuid import UUID

from session_core.bus import condition
from session_core.clock import utcnow
from session_core.core import Core
from session_core.domain.health import Cure, Health, HealthLevel, Sign, Vitals
from tests.integration.api.conftest import Person


async def test_health_with_its_evidence(ana: Person, core: Core) -> None:
    account = await ana.account()
    address = f"/api/v1/accounts/{account['id']}/health"
    nothing = await ana.program.get(address)
    assert nothing.json() == {"level": "unknown", "signs": [], "cures": [], "evidence": None}
    vitals = Vitals(at=utcnow(), answer_ms=12, mode="MAIN", info="NORMAL", socket="CONNECTED", untold=1)
    found = Health(level=HealthLevel.DEAF, signs=(Sign.UNTOLD_MESSAGES,), vitals=vitals, cures=(Cure.SWEEP,))
    await condition.keep_health(core.redis, {UUID(str(account["id"])): found})
    shown = (await ana.program.get(address)).json()
    assert (shown["level"], shown["signs"], shown["cures"]) == ("deaf", ["untold_messages"], ["sweep"])
    assert (shown["evidence"]["answerMs"], shown["evidence"]["untold"]) == (12, 1)
