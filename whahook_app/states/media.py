"""Which files of the chosen account are fetched by themselves."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import reflex as rx

from session_core.domain.media import MediaKind
from session_core.services import media
from session_core.services.principal import Principal
from whahook_app.i18n import text
from whahook_app.runtime import get_core
from whahook_app.states.guard import as_uuid, guarded, language_of


class MediaChoice(rx.State, mixin=True):  # type: ignore[call-arg]
    """Part of the messages' state: one dialog."""

    asks_for_media: bool = False
    auto_media: list[str] = []

    @rx.event
    @guarded
    async def ask_for_media(self, viewer: Principal) -> None:
        """Ask which files of the account are to be fetched by themselves."""
        kinds = await media.auto_download(get_core(), viewer.user_id, as_uuid(self.account))
        self.auto_media, self.asks_for_media = [kind.value for kind in kinds], True

    @rx.event
    @guarded
    async def choose_media(self, viewer: Principal, form: dict[str, Any]) -> Any:
        """Fetch the kinds of files that were chosen by themselves from now on."""
        chosen = [kind for kind in MediaKind if isinstance(form, Mapping) and form.get(f"auto-{kind.value}")]
        await media.set_auto_download(get_core(), viewer.user_id, as_uuid(self.account), chosen)
        self.auto_media, self.asks_for_media = [kind.value for kind in chosen], False
        return rx.toast.success(text(language_of(self), "media.auto.done"))

    @rx.event
    @guarded
    async def ask_for_no_media(self, viewer: Principal) -> None:
        """Close the dialog; nothing is changed."""
        self.asks_for_media = False
