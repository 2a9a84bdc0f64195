"""Kept files: in a folder, and in Supabase Storage (a stand-in)."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from uuid import uuid4

import pytest
from pydantic import SecretStr

from session_core.errors import NotFound, TransientError
from session_core.media.intake import take_in
from session_core.media.shelf import Shelf, path_of
from session_core.settings import Settings
from tests.servers.supabase_storage import KEY, Storage, running_storage

CONTENT = bytes(range(256)) * 4096


async def content() -> AsyncIterator[bytes]:
    yield CONTENT


@pytest.fixture
async def storage() -> AsyncIterator[tuple[str, Storage]]:
    async with running_storage() as running:
        yield running


@pytest.fixture(params=["local", "supabase"])
def shelf(request: pytest.FixtureRequest, tmp_path: Path, storage: tuple[str, Storage]) -> Shelf:
    settings = Settings(data_dir=tmp_path)
    if request.param == "supabase":
        told = {"supabase_url": storage[0], "supabase_service_role_key": SecretStr(KEY)}
        settings = settings.model_copy(update=told)
    shelf = Shelf(settings)
    assert shelf.name == request.param
    return shelf


async def keep(shelf: Shelf) -> str:
    path = path_of(uuid4(), uuid4())
    async with take_in(shelf.workshop, content(), 2 * len(CONTENT)) as taken:
        await shelf.keep(path, taken.path)
    return path


async def read(shelf: Shelf, path: str, start: int = 0) -> bytes:
    async with shelf.open(shelf.name, path, start) as reader:
        return b"".join([piece async for piece in reader.pieces(len(CONTENT))])


@pytest.mark.parametrize("ranges", [True, False], ids=["ranges", "no ranges"])
async def test_what_is_kept_comes_back_from_any_byte_on(
    shelf: Shelf, storage: tuple[str, Storage], ranges: bool
) -> None:
    storage[1].ranges = ranges
    path = await keep(shelf)
    assert await read(shelf, path) == CONTENT
    assert await read(shelf, path, 300_001) == CONTENT[300_001:]
    async with shelf.open(shelf.name, path) as reader:
        assert [piece async for piece in reader.pieces(3)] == [CONTENT[:3]]


async def test_what_is_removed_is_gone(shelf: Shelf) -> None:
    path = await keep(shelf)
    await shelf.remove(shelf.name, path)
    await shelf.remove(shelf.name, path)
    with pytest.raises(NotFound):
        await read(shelf, path)


async def test_no_other_name_is_ever_looked_up(shelf: Shelf) -> None:
    await keep(shelf)
    for path in ("../../../etc/passwd", "/etc/passwd", "x", ""):
        with pytest.raises(NotFound):
            await read(shelf, path)
    with pytest.raises(NotFound):
        async with shelf.open("elsewhere", path_of(uuid4(), uuid4())):
            pytest.fail("there is no such store")


async def test_a_store_that_is_away_says_so(tmp_path: Path, storage: tuple[str, Storage]) -> None:
    url, running = storage
    told = {"supabase_url": url, "supabase_service_role_key": SecretStr(KEY)}
    shelf = Shelf(Settings(data_dir=tmp_path).model_copy(update=told))
    path = await keep(shelf)
    running.broken = 100
    with pytest.raises(TransientError) as caught:
        await read(shelf, path)
    assert caught.value.code == "storage_unavailable"


async def test_what_lay_in_the_folder_is_found_after_the_settings_changed(
    tmp_path: Path, storage: tuple[str, Storage]
) -> None:
    before = Shelf(Settings(data_dir=tmp_path))
    path = await keep(before)
    told = {"supabase_url": storage[0], "supabase_service_role_key": SecretStr(KEY)}
    after = Shelf(Settings(data_dir=tmp_path).model_copy(update=told))
    async with after.open("local", path) as reader:
        assert await reader.read(4) == CONTENT[:4]
