"""What a form with a file says, and which files of the chosen account are fetched by themselves."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import reflex as rx

from session_core.domain.content import MEDIA, Media, Text
from session_core.domain.media import MediaKind
from session_core.errors import PolicyError
from session_core.services import media
from session_core.services.principal import Principal
from whahook_app.i18n import text
from whahook_app.runtime import get_core
from whahook_app.states.guard import as_uuid, field, guarded, language_of


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


def written(form: object) -> Text | Media:
    """Return what a form with a text and perhaps an uploaded file says; the text is the file's caption.

    Raises:
        NotFound: what is named is no file.
        PolicyError: 422 ``bad_form`` for a kind that there is not.
    """
    text, file, kind = field(form, "text"), field(form, "media"), field(form, "mediaKind")
    if not file:
        # Not validated here: accepting it says in plain words what is wrong with it.
        return Text.model_construct(text=text)
    if kind not in MEDIA:
        raise PolicyError("There is no such kind of file.", code="bad_form", status_code=422)
    return Media.model_validate({"type": kind, "media_id": as_uuid(file, "media"), "caption": text.strip()})
