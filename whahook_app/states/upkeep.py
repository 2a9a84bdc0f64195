"""The part of an opened card that tells how the account is doing; looked at again every few seconds."""

from __future__ import annotations

import dataclasses
from uuid import UUID

import reflex as rx
import structlog

from session_core.core import Core
from session_core.domain.health import Health
from session_core.domain.resources import Resources
from session_core.errors import NotFound, WhahookError
from session_core.services import accounts, health, upkeep
from session_core.services.principal import Principal
from whahook_app.i18n import Language
from whahook_app.runtime import get_core
from whahook_app.states.guard import as_uuid, error_text, guarded_in_background, language_of
from whahook_app.views.health import HealthView, health_view
from whahook_app.views.resources import ResourcesView, resources_view
from whahook_app.views.uptime import Bar

log = structlog.get_logger(__name__)


@dataclasses.dataclass(frozen=True)
class Condition:
    """What was found of an account; ``host`` is empty when it runs nowhere."""

    host: str = ""
    health: Health | None = None
    resources: Resources | None = None


async def read_condition(core: Core, user_id: UUID, account_id: str) -> Condition | None:
    """Look at an account; None when it is not there or nothing can be read now: what is shown stays then."""
    try:
        wanted = as_uuid(account_id)
        host = await upkeep.host_of(core, user_id, wanted)
        return Condition(
            host=host,
            health=await accounts.health(core, user_id, wanted),
            resources=await accounts.resources(core, user_id, wanted),
        )
    except NotFound:
        return None
    except health.OUTAGES as error:
        log.info("condition_not_readable", error=repr(error))
        return None


class Upkeep(rx.State, mixin=True):  # type: ignore[call-arg]
    """Part of the connections' state: what belongs to the card that is open."""

    host: str = ""
    health: HealthView = HealthView()
    resources: ResourcesView = ResourcesView()
    day: Bar = Bar()
    week: Bar = Bar()

    @rx.event(background=True)
    @guarded_in_background
    async def force_stop(self, viewer: Principal, account_id: str) -> object:
        """Kill the account's browser; a host that hangs is waited for without holding up the page."""
        try:
            await accounts.force_stop(get_core(), viewer.user_id, as_uuid(account_id))
        except WhahookError as error:
            async with self:
                return rx.toast.error(error_text(language_of(self), error))
        return None

    def _show_condition(self, condition: Condition, language: Language) -> None:
        used = condition.resources
        fresh = {
            "host": condition.host,
            "health": health_view(condition.health, language),
            "resources": ResourcesView() if used is None else resources_view(used, language),
        }
        for name, value in fresh.items():
            if getattr(self, name) != value:
                setattr(self, name, value)

    def _close_condition(self) -> None:
        self.host, self.health, self.resources = "", HealthView(), ResourcesView()
        self.day, self.week = Bar(), Bar()
