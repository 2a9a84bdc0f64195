"""The page on which people say how they want to be told of what goes wrong."""

from __future__ import annotations

from typing import Any

import reflex as rx
from pydantic import ValidationError

from session_core.domain.alerts import AlertKind, AlertPreferences, QuietHours
from session_core.errors import PolicyError
from session_core.services import alerts
from session_core.services.principal import Principal
from whahook_app.i18n import LANGUAGES, text
from whahook_app.runtime import get_core
from whahook_app.states.base import Base
from whahook_app.states.guard import error_text, field, guarded, language_of

BROWSERS_ZONE = "Intl.DateTimeFormat().resolvedOptions().timeZone || ''"
LONGEST_ZONE = 64


class Alerts(Base):
    """The preferences as the form begins with them."""

    loaded: bool = False
    mail_off: bool = False
    mail_language: str = "es"
    told: dict[str, bool] = {kind.value: True for kind in AlertKind}
    quiet: bool = False
    start: str = "22:00"
    until: str = "08:00"
    zone: str = ""
    form_error: str = ""

    @rx.event
    @guarded
    async def load(self, viewer: Principal) -> Any:
        """Show what was chosen; whoever chose no hours yet gets the zone of their browser."""
        core = get_core()
        self.mail_off, self.form_error = not alerts.mail_enabled(core), ""
        self._take(await alerts.preferences(core, viewer.user_id))
        self.loaded = bool(self.zone)
        return None if self.zone else rx.call_script(BROWSERS_ZONE, callback=Alerts.suggest_zone)

    @rx.event
    @guarded
    async def suggest_zone(self, viewer: Principal, zone: str) -> None:
        """Begin with the zone of the browser where none was chosen."""
        if not self.zone:
            self.zone = zone[:LONGEST_ZONE] if isinstance(zone, str) and zone else "Europe/Madrid"
        self.loaded = True

    @rx.event
    @guarded
    async def save(self, viewer: Principal, form: dict[str, Any]) -> Any:
        """Keep what the form says."""
        try:
            wanted = wanted_preferences(form)
        except PolicyError as error:
            self.form_error = error_text(language_of(self), error)
            return None
        self._take(await alerts.set_preferences(get_core(), viewer.user_id, wanted))
        self.form_error = ""
        return rx.toast.success(text(language_of(self), "alerts.saved"))

    def _take(self, found: AlertPreferences) -> None:
        self.mail_language = found.language
        self.told = {kind.value: kind not in found.off for kind in AlertKind}
        self.quiet = found.quiet_hours is not None
        if found.quiet_hours is not None:
            hours = found.quiet_hours
            self.start, self.until, self.zone = f"{hours.start:%H:%M}", f"{hours.until:%H:%M}", hours.time_zone


def wanted_preferences(form: object) -> AlertPreferences:
    """Read the form.

    Raises:
        PolicyError: 422 ``bad_quiet_hours`` or ``bad_form``.
    """
    language = next((known for known in LANGUAGES if known == field(form, "language")), None)
    if language is None:
        raise PolicyError("There is no such language.", code="bad_form", status_code=422)
    off = frozenset(kind for kind in AlertKind if not field(form, f"kind-{kind.value}"))
    return AlertPreferences(
        language=language, off=off, quiet_hours=_quiet_hours(form) if field(form, "quiet") else None
    )


def _quiet_hours(form: object) -> QuietHours:
    try:
        return QuietHours.model_validate(
            {
                "start": field(form, "start"),
                "until": field(form, "until"),
                "time_zone": field(form, "zone").strip(),
            }
        )
    except ValidationError:
        raise PolicyError(
            "Quiet hours need two different times and a known time zone.",
            code="bad_quiet_hours",
            action="Write times like 22:00, and a zone like Europe/Madrid.",
            status_code=422,
        ) from None
