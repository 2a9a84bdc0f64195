from __future__ import annotations

from pathlib import PurePosixPath

import pytest
from hypothesis import given
from hypothesis import strategies as st

from session_core.backups.minimal import MARKER, belongs, may_hold, written_once

NEEDED = [
    "Local State",
    "Default/Preferences",
    "Default/Cookies",
    "Default/Cookies-journal",
    "Default/Network/Cookies",
    "Default/Network/Cookies-journal",
    "Default/IndexedDB/https_web.whatsapp.com_0.indexeddb.leveldb/000003.log",
    "Default/IndexedDB/https_web.whatsapp.com_0.indexeddb.blob/1/00/7",
    "Default/Local Storage/leveldb/000005.ldb",
    "Default/Session Storage/MANIFEST-000001",
    "Default/WebStorage/QuotaManager",
    "Default/File System/Origins/CURRENT",
]

LEFT_OUT = [
    "SingletonLock",
    "SingletonCookie",
    ".whahook.lock",
    MARKER,
    "lockfile",
    "Crashpad/settings.dat",
    "component_crx_cache/x",
    "Default/Cache/Cache_Data/data_0",
    "Default/Code Cache/js/index",
    "Default/GPUCache/data_1",
    "Default/DawnGraphiteCache/index",
    "Default/Service Worker/CacheStorage/x",
    "Default/Service Worker/Database/000003.log",
    "Default/Shared Dictionary/db",
    "Default/History",
    "Default/Favicons",
    "Default/Sessions/Session_1",
    "Default/blob_storage/x",
    "Default/Local Storage/leveldb/LOCK",
    "Default/IndexedDB/https_web.whatsapp.com_0.indexeddb.leveldb/LOCK",
    "Default/Network/Reporting and NEL",
    "Default/Network/Cookies/x",
    "Default/SomethingNew/x",
    "Profile 1/Cookies",
    "Default",
    "",
]

OUTSIDE = [
    "/etc/passwd",
    "../Local State",
    "Default/../../x",
    "Default/IndexedDB/../../../x",
    "/Default/Cookies",
]


@pytest.mark.parametrize("path", NEEDED)
def test_what_a_login_needs(path: str) -> None:
    assert belongs(PurePosixPath(path))
    assert all(may_hold(folder) for folder in PurePosixPath(path).parents if folder.parts)


@pytest.mark.parametrize("path", LEFT_OUT)
def test_what_is_left_out(path: str) -> None:
    assert not belongs(PurePosixPath(path))


@pytest.mark.parametrize("path", OUTSIDE)
def test_no_name_leads_out_of_the_profile(path: str) -> None:
    assert not belongs(PurePosixPath(path))


@given(st.lists(st.sampled_from(["Default", "IndexedDB", "Cookies", "..", ".", "Local State", "x", "/"]), max_size=5))
def test_whatever_belongs_is_below_what_is_allowed(parts: list[str]) -> None:
    path = PurePosixPath(*parts)
    if belongs(path):
        assert ".." not in path.parts
        assert not path.is_absolute()
        assert all(may_hold(folder) for folder in path.parents if folder.parts)


@pytest.mark.parametrize("folder", ["Default/Cache", "Default/Service Worker", "Crashpad", "Default/Sessions"])
def test_caches_are_not_even_looked_into(folder: str) -> None:
    assert not may_hold(PurePosixPath(folder))


def test_only_what_is_written_once_is_linked() -> None:
    assert written_once(PurePosixPath("Default/Local Storage/leveldb/000005.ldb"))
    assert written_once(PurePosixPath("Default/IndexedDB/https_x_0.indexeddb.blob/1/00/7"))
    for name in ("000003.log", "MANIFEST-000001", "CURRENT", "LOG", "Cookies"):
        assert not written_once(PurePosixPath("Default/IndexedDB/https_x_0.indexeddb.leveldb") / name)
