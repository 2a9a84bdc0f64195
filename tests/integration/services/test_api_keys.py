from __future__ import annotations

from datetime import timedelta
from uuid import uuid4

import pytest

from session_core.clock import utcnow
from session_core.core import Core
from session_core.errors import NotFound, PolicyError
from session_core.services import api_keys, principal
from session_core.services.principal import from_api_key
from session_core.store import api_keys as rows
from tests.integration.services.conftest import Two


async def test_a_key_says_whose_it_is(core: Core, two: Two) -> None:
    new = await api_keys.create(core, two.ana, " robot ")
    who = await from_api_key(core, new.key)
    assert who is not None
    assert (who.user_id, who.name, who.via) == (two.ana, "Ana", "api_key")
    assert new.key not in repr(new)


async def test_a_key_is_shown_once_and_stored_hashed(core: Core, two: Two) -> None:
    new = await api_keys.create(core, two.ana, "robot")
    (view,) = await api_keys.list_keys(core, two.ana)
    assert view.id == new.id
    assert view.name == "robot"
    assert new.key.split("_")[1] == view.prefix
    async with core.db.read() as session:
        row = await rows.by_prefix(session, view.prefix)
    assert row is not None
    assert new.key.split("_", 2)[2] not in repr(row)
    assert row.key_hash == principal.hash_secret(new.key)


async def test_the_last_use_is_written_now_and_then(core: Core, two: Two, monkeypatch: pytest.MonkeyPatch) -> None:
    new = await api_keys.create(core, two.ana, "robot")

    async def used() -> object:
        await from_api_key(core, new.key)
        (view,) = await api_keys.list_keys(core, two.ana)
        return view.last_used_at

    first = await used()
    assert first is not None
    assert await used() == first
    later = utcnow() + principal.KEY_TOUCH_EVERY + timedelta(seconds=1)
    monkeypatch.setattr(principal, "utcnow", lambda: later)
    assert await used() == later


async def test_a_revoked_key_is_nobodys(core: Core, two: Two) -> None:
    new = await api_keys.create(core, two.ana, "robot")
    for stranger, key_id in ((two.eva, new.id), (two.ana, uuid4())):
        with pytest.raises(NotFound) as caught:
            await api_keys.revoke(core, stranger, key_id)
        assert caught.value.code == "api_key_not_found"
    assert await from_api_key(core, new.key) is not None
    await api_keys.revoke(core, two.ana, new.id)
    assert await from_api_key(core, new.key) is None
    assert await api_keys.list_keys(core, two.ana) == []
    with pytest.raises(NotFound):
        await api_keys.revoke(core, two.ana, new.id)


@pytest.mark.parametrize("damage", ["last", "prefix", "shorter", "longer", "newline", "case"])
async def test_a_key_that_is_almost_right(core: Core, two: Two, damage: str) -> None:
    key = (await api_keys.create(core, two.ana, "robot")).key
    damaged = {
        "last": key[:-1] + ("A" if key[-1] != "A" else "B"),
        "prefix": "wax" + key[3:],
        "shorter": key[:-1],
        "longer": key + "A",
        "newline": key + "\n",
        "case": key.upper(),
    }[damage]
    assert await from_api_key(core, damaged) is None


@pytest.mark.parametrize("key", [None, "", "wak", "wak_", "wak_a_b", "wak_\0_x", "\ud800", "x" * 100_000])
async def test_what_is_no_key(core: Core, key: str | None) -> None:
    assert await from_api_key(core, key) is None


@pytest.mark.parametrize("name", ["", "  ", "a\0", "\ud800"])
async def test_a_key_needs_a_name(core: Core, two: Two, name: str) -> None:
    with pytest.raises(PolicyError) as caught:
        await api_keys.create(core, two.ana, name)
    assert (caught.value.code, caught.value.status_code) == ("bad_name", 422)


async def test_a_user_has_so_many_keys_and_no_more(core: Core, two: Two, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(api_keys, "MAX_KEYS", 2)
    for _ in range(2):
        first = await api_keys.create(core, two.ana, "robot")
    with pytest.raises(PolicyError) as caught:
        await api_keys.create(core, two.ana, "robot")
    assert (caught.value.code, caught.value.status_code) == ("too_many_keys", 409)
    await api_keys.create(core, two.eva, "robot")
    await api_keys.revoke(core, two.ana, first.id)
    await api_keys.create(core, two.ana, "robot")
