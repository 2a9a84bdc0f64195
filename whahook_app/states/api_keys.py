"""The page of the API keys: made, shown once, revoked."""

from __future__ import annotations

import dataclasses
from typing import Any

import reflex as rx

from session_core.errors import PolicyError
from session_core.services import api_keys
from session_core.services.principal import Principal
from whahook_app.i18n import text
from whahook_app.runtime import get_core
from whahook_app.states.base import Base
from whahook_app.states.guard import as_uuid, error_text, field, guarded, language_of
from whahook_app.states.once import show_once

NEW_KEY = "new-key"
"""Where the page shows it."""


@dataclasses.dataclass
class KeyRow:
    """One key as the list shows it; of the key itself only its public beginning is known."""

    id: str = ""
    name: str = ""
    prefix: str = ""
    created: str = ""
    used: str = ""


class ApiKeys(Base):
    """The viewer's keys. A new key goes to the browser once, never into the state; ``showing``: it is there."""

    keys: list[KeyRow] = []
    loaded: bool = False
    showing: bool = False
    form_error: str = ""
    revoking: str = ""
    revoking_name: str = ""

    @rx.event
    @guarded
    async def load(self, viewer: Principal) -> None:
        """Show the keys."""
        self.showing = False
        self.form_error = self.revoking = ""
        await self._read(viewer)

    @rx.event
    @guarded
    async def create(self, viewer: Principal, form: dict[str, Any]) -> Any:
        """Make a key with the form's name and show it, this once."""
        try:
            made = await api_keys.create(get_core(), viewer.user_id, field(form, "name"))
        except PolicyError as error:
            self.form_error = error_text(language_of(self), error)
            return None
        self.form_error, self.showing = "", True
        await self._read(viewer)
        return [show_once(NEW_KEY, made.key), rx.set_value("key-name", "")]

    @rx.event
    async def hide(self) -> None:
        """Close the dialog: the new key is forgotten with it."""
        self.showing = False

    @rx.event
    @guarded
    async def ask(self, viewer: Principal, key_id: str) -> None:
        """Ask before a key is revoked."""
        wanted = as_uuid(key_id, "api_key")
        for key in await api_keys.list_keys(get_core(), viewer.user_id):
            if key.id == wanted:
                self.revoking, self.revoking_name = str(key.id), key.name

    @rx.event
    @guarded
    async def revoke(self, viewer: Principal) -> Any:
        """Revoke the key that was asked about."""
        wanted, self.revoking = self.revoking, ""
        await api_keys.revoke(get_core(), viewer.user_id, as_uuid(wanted, "api_key"))
        await self._read(viewer)
        return rx.toast.success(text(language_of(self), "keys.revoked"))

    @rx.event
    async def keep(self) -> None:
        """Revoke nothing."""
        self.revoking = ""

    async def _read(self, viewer: Principal) -> None:
        self.keys = [
            KeyRow(
                id=str(key.id),
                name=key.name,
                prefix=f"wak_{key.prefix}_…",
                created=key.created_at.isoformat(),
                used=key.last_used_at.isoformat() if key.last_used_at else "",
            )
            for key in await api_keys.list_keys(get_core(), viewer.user_id)
        ]
        self.loaded = True
