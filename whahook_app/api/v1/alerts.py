"""Alerts: what goes wrong with one's accounts, and how one is told."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query

from session_core.services import alerts
from whahook_app.api.alert_schemas import Alert, Preferences, ShownPreferences
from whahook_app.api.deps import CoreDep, UserDep
from whahook_app.api.responses import SIGNED_IN

router = APIRouter(prefix="/alerts", tags=["alerts"])


@router.get("", responses=SIGNED_IN)
async def list_alerts(
    who: UserDep, core: CoreDep, limit: Annotated[int, Query(ge=1, le=alerts.MAX_ALERTS)] = 50
) -> list[Alert]:
    """List what is wrong now, then what was wrong in the last 30 days, each newest first."""
    return [Alert.of(alert) for alert in await alerts.list_alerts(core, who.user_id, limit=limit)]


@router.get("/preferences", responses=SIGNED_IN)
async def get_alert_preferences(who: UserDep, core: CoreDep) -> ShownPreferences:
    """Show how one is told."""
    return ShownPreferences.of(await alerts.preferences(core, who.user_id))


@router.put("/preferences", responses=SIGNED_IN)
async def set_alert_preferences(body: Preferences, who: UserDep, core: CoreDep) -> ShownPreferences:
    """Replace how one is told. What is left out goes back to its default."""
    return ShownPreferences.of(await alerts.set_preferences(core, who.user_id, body.wanted()))
