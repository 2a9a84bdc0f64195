"""The store on Supabase Storage, against the stand-in; against a real project only where one is named."""

from __future__ import annotations

import asyncio
import json
import os
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, TypeVar
from uuid import UUID, uuid4

import httpx
import pytest
from pydantic import SecretStr
from structlog.testing import capture_logs

from session_core.backups.errors import BackupMissing, StoreAway, StoreRefused
from session_core.backups.stores import tus
from session_core.backups.stores.contract import new_path
from session_core.backups.stores.supabase import SupabaseStore
from session_core.backups.vault import Known, Vault
from session_core.settings import Settings
from tests.integration.backups.profiles import NEEDED, contents, go_on, label, make_profile
from tests.servers.supabase_storage import KEY, PIECE, Storage, running_storage, transcript

T = TypeVar("T")

BUCKET = "backups"
USER = uuid4()
MEBIBYTE = 1024 * 1024


@dataclass
class Site:
    """A store and the stand-in behind it."""

    url: str
    storage: Storage
    store: SupabaseStore

    async def call(self, work: Callable[[], T]) -> T:
        """Run what blocks beside the loop in which the stand-in serves."""
        return await asyncio.wait_for(asyncio.to_thread(work), 60)

    async def read(self, path: str) -> bytes:
        def whole() -> bytes:
            with self.store.open(path) as archive:
                found = bytearray()
                while piece := archive.read(1000):
                    found += piece
                return bytes(found)

        return await self.call(whole)


@pytest.fixture
async def site(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Site]:
    monkeypatch.setattr(tus, "FIRST_PAUSE", timedelta(milliseconds=5))
    async with running_storage() as (url, storage):
        yield Site(url, storage, SupabaseStore(url, SecretStr(KEY), BUCKET))


@pytest.fixture
def archive(tmp_path: Path) -> Path:
    """An archive of two pieces and a bit."""
    path = tmp_path / "archive"
    path.write_bytes(os.urandom(2 * PIECE + 1000))
    return path


def content_of(path: Path) -> bytes:
    return path.read_bytes()


def a_path(account_id: UUID | None = None) -> str:
    return new_path(USER, account_id or uuid4(), uuid4(), datetime(2026, 1, 1, tzinfo=UTC))


def at(path: str) -> tuple[str, str]:
    return BUCKET, path


async def test_the_stand_in_answers_as_the_real_one_did(site: Site) -> None:
    """Each recorded request, in its order: the same status, and the same words where it refuses."""
    async with httpx.AsyncClient(base_url=f"{site.url}/storage/v1", timeout=20) as client:
        for recorded in transcript():
            answer = await client.request(
                recorded["method"],
                recorded["path"],
                headers={"apikey": KEY, "authorization": f"Bearer {KEY}"}
                | {name: value for name, value in recorded["req_headers"].items() if name == "x-upsert"},
                content=b"123456" if recorded["req_body"] == "<stream>" else recorded["req_body"].encode(),
            )
            what = (recorded["method"], recorded["path"], answer.text)
            assert answer.status_code == recorded["status"], what
            if recorded["status"] >= 400:
                assert answer.json() == json.loads(recorded["resp"]), what
            elif recorded["resp"].startswith("{") and recorded["resp"].endswith("}"):
                told = json.loads(recorded["resp"])
                assert set(answer.json()) <= set(told) | {"metadata"}, what


async def test_in_and_out_in_pieces_that_the_real_one_takes(site: Site, archive: Path) -> None:
    path = a_path()
    await site.call(lambda: site.store.put(path, archive, go_on))
    assert site.storage.pieces == [PIECE, PIECE, 1000]
    assert site.storage.buckets == {BUCKET: False}
    assert await site.read(path) == content_of(archive)
    assert await site.call(lambda: site.store.has(path))


async def test_a_line_that_breaks_is_taken_up_where_it_broke(site: Site, archive: Path) -> None:
    site.storage.cut_after = 2 * MEBIBYTE
    path = a_path()
    await site.call(lambda: site.store.put(path, archive, go_on))
    assert site.storage.objects[at(path)] == content_of(archive)
    assert site.storage.pieces == [PIECE, PIECE + 1000 - 2 * MEBIBYTE]


@pytest.mark.parametrize("broken", [1, 3])
async def test_a_server_that_is_busy_is_asked_again(site: Site, archive: Path, broken: int) -> None:
    path = a_path()
    site.storage.buckets[BUCKET] = False
    begun = asyncio.Event()

    def after_the_first_piece() -> None:
        if len(site.storage.pieces) == 1 and not begun.is_set():
            begun.set()
            site.storage.broken = broken

    await site.call(lambda: site.store.put(path, archive, after_the_first_piece))
    assert site.storage.objects[at(path)] == content_of(archive)


async def test_an_answer_that_is_lost_sends_nothing_twice(site: Site, archive: Path) -> None:
    path = a_path()
    site.storage.lose_answer = True
    await site.call(lambda: site.store.put(path, archive, go_on))
    assert site.storage.objects[at(path)] == content_of(archive)
    assert site.storage.pieces == [PIECE, PIECE, 1000]


async def test_an_upload_that_was_forgotten_is_an_error_and_not_an_archive(site: Site, archive: Path) -> None:
    path = a_path()

    def forget() -> None:
        site.storage.forget_uploads = len(site.storage.pieces) == 1

    with pytest.raises(StoreAway):
        await site.call(lambda: site.store.put(path, archive, forget))
    assert site.storage.objects == {}


async def test_what_is_broken_off_is_taken_back(site: Site, archive: Path) -> None:
    def enough() -> None:
        if site.storage.pieces:
            raise InterruptedError

    with pytest.raises(InterruptedError):
        await site.call(lambda: site.store.put(a_path(), archive, enough))
    assert (site.storage.objects, site.storage.uploads) == ({}, {})


async def test_a_path_is_never_written_twice(site: Site, archive: Path, tmp_path: Path) -> None:
    path = a_path()
    (tmp_path / "other").write_bytes(b"other")
    await site.call(lambda: site.store.put(path, archive, go_on))
    with pytest.raises(StoreRefused):
        await site.call(lambda: site.store.put(path, tmp_path / "other", go_on))
    assert site.storage.objects[at(path)] == content_of(archive)


async def test_the_key_goes_to_the_server_that_was_named_and_into_no_log(site: Site, archive: Path) -> None:
    """The stand-in gives an address elsewhere, as one behind a proxy does; the pieces come here all the same."""
    site.storage.lose_answer = True
    with capture_logs() as logs:
        await site.call(lambda: site.store.put(a_path(), archive, go_on))
    assert site.storage.refused == 0
    assert KEY not in str(logs)
    assert KEY not in repr(site.store.__dict__)


async def test_a_public_bucket_gets_nothing(site: Site, archive: Path) -> None:
    site.storage.buckets[BUCKET] = True
    with pytest.raises(StoreRefused, match="public"):
        await site.call(lambda: site.store.put(a_path(), archive, go_on))
    assert site.storage.objects == {}


async def test_a_wrong_key_is_named_as_such_and_not_repeated(site: Site, archive: Path) -> None:
    store = SupabaseStore(site.url, SecretStr("wrong-key"), BUCKET)
    path = a_path()
    for act in (lambda: store.put(path, archive, go_on), lambda: store.has(path), lambda: store.delete(path)):
        with pytest.raises(StoreRefused) as caught:
            await site.call(act)
        assert "SUPABASE_SERVICE_ROLE_KEY" in caught.value.action
        assert "wrong-key" not in str(caught.value) + caught.value.action


async def test_what_is_not_there(site: Site) -> None:
    path = a_path()
    for _ in range(2):
        assert not await site.call(lambda: site.store.has(path))
        with pytest.raises(BackupMissing):
            await site.read(path)
        await site.call(lambda: site.store.delete(path))
        assert await site.call(lambda: list(site.store.of_account(USER, uuid4()))) == []
        site.storage.buckets[BUCKET] = False


async def test_a_server_that_is_away(tmp_path: Path, archive: Path) -> None:
    store = SupabaseStore("http://127.0.0.1:9", SecretStr(KEY), BUCKET)
    path = a_path()
    acts: list[Callable[[], Any]] = [
        lambda: store.put(path, archive, go_on),
        lambda: store.has(path),
        lambda: store.delete(path),
        lambda: list(store.of_account(USER, USER)),
        lambda: store.open(path).__enter__(),
    ]
    for act in acts:
        with pytest.raises(StoreAway):
            await asyncio.to_thread(act)


async def test_a_download_that_breaks_is_no_short_archive(site: Site, archive: Path) -> None:
    path = a_path()
    await site.call(lambda: site.store.put(path, archive, go_on))
    site.storage.cut_download = 5 * MEBIBYTE
    with pytest.raises(StoreAway):
        await site.read(path)
    assert await site.read(path) == content_of(archive)


async def test_all_archives_of_an_account_are_found_page_by_page(
    site: Site, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("session_core.backups.stores.supabase.LIST_PAGE", 2)
    account_id = uuid4()
    mine, others = [a_path(account_id) for _ in range(5)], a_path()
    (tmp_path / "small").write_bytes(b"small")
    for path in (*mine, others):
        await site.call(lambda path=path: site.store.put(path, tmp_path / "small", go_on))
    assert sorted(await site.call(lambda: list(site.store.of_account(USER, account_id)))) == sorted(mine)
    for path in mine:
        await site.call(lambda path=path: site.store.delete(path))
    assert list(site.storage.objects) == [at(others)]


@pytest.mark.parametrize("path", ["../x", "a/b/c.wabk", ""])
async def test_nothing_but_its_own_paths(site: Site, archive: Path, path: str) -> None:
    for act in (lambda: site.store.delete(path), lambda: site.store.put(path, archive, go_on)):
        with pytest.raises(BackupMissing):
            await site.call(act)


async def saved(vault: Vault, profile: Path) -> Known:
    what = label()
    path = new_path(USER, what.account_id, what.backup_id, datetime.now(UTC))
    made = await asyncio.to_thread(lambda: vault.save(profile, profile.with_name("scratch"), what, path, go_on))
    return Known(what, vault.current.name, path, made.size, made.sha256)


async def test_a_vault_with_both_settings_keeps_its_archives_there(site: Site, tmp_path: Path) -> None:
    settings = Settings(data_dir=tmp_path / "data")
    profile = make_profile(tmp_path / "profile", big=7 * MEBIBYTE)
    before = await saved(Vault(settings), profile)
    vault = Vault(settings.model_copy(update={"supabase_url": site.url, "supabase_service_role_key": SecretStr(KEY)}))
    known = await saved(vault, profile)
    assert (before.store, known.store) == ("local", "supabase")
    for one in (before, known):
        await site.call(lambda one=one: vault.check(one, go_on))
    await site.call(lambda: vault.fetch(known, tmp_path / "fresh", go_on))
    assert contents(tmp_path / "fresh").items() >= NEEDED.items()
    assert not list((tmp_path / "data" / "backups").rglob(f"*{known.label.backup_id}*"))


def real_settings() -> tuple[str, str] | None:
    """Return address and key of a project that tests may write to. Not the product's own settings: those are real."""
    url, key = os.environ.get("WHAHOOK_TEST_SUPABASE_URL"), os.environ.get("WHAHOOK_TEST_SUPABASE_KEY")
    return (url, key) if url and key else None


@pytest.mark.supabase
@pytest.mark.skipif(
    real_settings() is None, reason="no Supabase project: WHAHOOK_TEST_SUPABASE_URL and _KEY are not set"
)
async def test_a_real_project(archive: Path) -> None:
    url, key = real_settings() or ("", "")
    site = Site(url, Storage(), SupabaseStore(url, SecretStr(key), "whahook-tests"))
    account_id = uuid4()
    path = a_path(account_id)
    await site.call(lambda: site.store.put(path, archive, go_on))
    try:
        assert await site.call(lambda: site.store.has(path))
        assert await site.read(path) == content_of(archive)
        assert await site.call(lambda: list(site.store.of_account(USER, account_id))) == [path]
        with pytest.raises(StoreRefused):
            await site.call(lambda: site.store.put(path, archive, go_on))
    finally:
        await site.call(lambda: site.store.delete(path))
    assert not await site.call(lambda: site.store.has(path))
    with pytest.raises(BackupMissing):
        await site.read(path)
