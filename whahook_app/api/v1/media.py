"""Files: upload, look at, open, delete."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query, Request
from fastapi.exceptions import RequestValidationError
from pydantic import ValidationError
from starlette.responses import RedirectResponse

from session_core.errors import Conflict
from session_core.services import media
from session_core.services.live import Core
from session_core.services.media import Purpose
from whahook_app.api.deps import CoreDep, SettingsDep, UserDep
from whahook_app.api.media_schemas import UPLOAD, Media, MediaSettings, NewMedia, NewMediaSettings
from whahook_app.api.responses import OWNED, SIGNED_IN, problems
from whahook_app.api.uploads import is_form, read_upload

router = APIRouter(prefix="/media", tags=["media"])


@router.post(
    "", status_code=201, responses=SIGNED_IN | problems(413, 415, 422, 507), openapi_extra={"requestBody": UPLOAD}
)
async def create_media(request: Request, who: UserDep, core: CoreDep) -> Media:
    """Take a file in: as the field ``file`` of a form, or by its address as JSON. Its ``id`` can be sent many times."""
    if not is_form(request) and request.headers.get("content-type", "").startswith("application/json"):
        asked = await _asked(request)
        return await shown(core, await media.upload_from_url(core, who.user_id, asked.url, filename=asked.filename))
    upload = await read_upload(request)
    view = await media.upload(core, who.user_id, upload.pieces, filename=upload.filename)
    return await shown(core, view)


@router.get("", responses=SIGNED_IN | problems(404))
async def list_media(
    who: UserDep,
    core: CoreDep,
    settings: SettingsDep,
    limit: Annotated[int, Query(ge=1, le=media.MAX_PAGE)] = 50,
    before: Annotated[UUID | None, Query(description="id of the last file of the page before")] = None,
) -> list[Media]:
    """List the files of all accounts and the uploads, newest first. Only a single file's answer has its address."""
    found = await media.list_media(core, who.user_id, limit=limit, before=before)
    return [Media.of(view, None, settings.public_url) for view in found]


@router.get("/{media_id}", responses=OWNED)
async def get_media(media_id: UUID, who: UserDep, core: CoreDep) -> Media:
    """Show a file, with an address that opens it for a short time: to its owner only."""
    return await shown(core, await media.get(core, who.user_id, media_id))


@router.get("/{media_id}/file", status_code=307, response_class=RedirectResponse, responses=OWNED | problems(409))
async def open_media_file(media_id: UUID, who: UserDep, core: CoreDep) -> RedirectResponse:
    """Go on to the file itself, by an address that opens it for a short time."""
    found = await media.link(core, await media.get(core, who.user_id, media_id), Purpose.SHOW)
    if found is None:
        raise Conflict(
            "The file is not here.", code="media_not_ready", action="Wait until its state is ready, or have it fetched."
        )
    # Shorter than the address lives, so that a page that is drawn anew need not ask again.
    seconds = int(core.settings.media_link_lifetime.total_seconds() / 3)
    return RedirectResponse(found.path, 307, {"Cache-Control": f"private, max-age={seconds}"})


@router.post("/{media_id}/download", status_code=202, responses=OWNED | problems(409))
async def download_media(media_id: UUID, who: UserDep, core: CoreDep) -> Media:
    """Have the file of a message fetched from WhatsApp, again or at last; ``state`` and ``problem`` tell the end."""
    return await shown(core, await media.fetch(core, who.user_id, media_id))


@router.delete("/{media_id}", status_code=204, responses=OWNED | problems(409))
async def delete_media(media_id: UUID, who: UserDep, core: CoreDep) -> None:
    """Delete a file. The messages that it was in stay."""
    await media.delete(core, who.user_id, media_id)


async def _asked(request: Request) -> NewMedia:
    try:
        return NewMedia.model_validate_json(await request.body())
    except ValidationError as error:
        raise RequestValidationError([{**item, "loc": ("body", *item["loc"])} for item in error.errors()]) from error


async def shown(core: Core, view: media.MediaView) -> Media:
    """Show a file to its owner."""
    return Media.of(view, await media.link(core, view, Purpose.SHOW), core.settings.public_url)


account_router = APIRouter(prefix="/accounts/{account_id}/media-settings", tags=["media"])


@account_router.get("", responses=OWNED)
async def get_media_settings(account_id: UUID, who: UserDep, core: CoreDep) -> MediaSettings:
    """Show which kinds of files the account fetches by itself."""
    return MediaSettings(auto_download=await media.auto_download(core, who.user_id, account_id))


@account_router.put("", responses=OWNED)
async def set_media_settings(account_id: UUID, body: NewMediaSettings, who: UserDep, core: CoreDep) -> MediaSettings:
    """Choose which kinds of files the account fetches by itself; the others wait at WhatsApp until asked for."""
    chosen = await media.set_auto_download(core, who.user_id, account_id, body.auto_download)
    return MediaSettings(auto_download=chosen)
