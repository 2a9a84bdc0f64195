"""Files on their way in: whole or not at all."""

from __future__ import annotations

import asyncio
import errno
import hashlib
import os
import time
from collections.abc import AsyncIterator
from pathlib import Path
from typing import NoReturn

import pytest

from session_core.errors import PolicyError, TransientError
from session_core.media import intake
from session_core.media.intake import take_in
from session_core.tasks import end, spawn
from tests.waiting import eventually

MEBIBYTE = 1024 * 1024


async def pieces(*sizes: int) -> AsyncIterator[bytes]:
    for number, size in enumerate(sizes):
        yield bytes([number % 251]) * size


async def test_what_arrives_is_what_is_there(tmp_path: Path) -> None:
    content = b"".join([piece async for piece in pieces(1, MEBIBYTE, 17)])
    async with take_in(tmp_path, pieces(1, MEBIBYTE, 17), 2 * MEBIBYTE) as taken:
        assert taken.path.read_bytes() == content
        assert taken.path.stat().st_mode & 0o777 == 0o600
        assert (taken.size, taken.sha256) == (len(content), hashlib.sha256(content).hexdigest())
        assert taken.head == content[:8192]
    await nothing_in(tmp_path)


async def nothing_in(folder: Path) -> None:
    """What is removed is removed by the thread that wrote it."""
    await eventually(lambda: list(folder.iterdir()) == [], what="nothing is left")


async def test_what_a_killed_process_left_is_removed_once_nobody_can_be_writing_to_it(tmp_path: Path) -> None:
    dead, alive, other = (tmp_path / name for name in (f"{intake.UNFINISHED}1", f"{intake.UNFINISHED}2", "notes"))
    for path in (dead, alive, other):
        path.write_bytes(b"half")
    long_ago = time.time() - intake.ABANDONED.total_seconds() - 1
    for path in (dead, other):
        os.utime(path, (long_ago, long_ago))
    async with take_in(tmp_path, pieces(1), MEBIBYTE):
        assert not dead.exists()
    assert alive.exists()
    assert other.exists()
    intake.clear(tmp_path / "nowhere")


async def test_one_byte_too_many(tmp_path: Path) -> None:
    async with take_in(tmp_path, pieces(MEBIBYTE), MEBIBYTE) as taken:
        assert taken.size == MEBIBYTE
    with pytest.raises(PolicyError) as caught:
        async with take_in(tmp_path, pieces(MEBIBYTE, 1), MEBIBYTE):
            pytest.fail("it is too large")
    assert (caught.value.status_code, caught.value.code) == (413, "media_too_large")
    await nothing_in(tmp_path)


async def test_a_sender_that_goes_on_for_ever_is_cut_off(tmp_path: Path) -> None:
    async def endless() -> AsyncIterator[bytes]:
        while True:
            yield b"x" * 65_536

    with pytest.raises(PolicyError):
        async with take_in(tmp_path, endless(), MEBIBYTE):
            pytest.fail("it has no end")
    await nothing_in(tmp_path)


async def test_a_full_disk_is_said_as_such_and_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(_descriptor: int) -> NoReturn:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(intake.os, "fsync", full)
    with pytest.raises(PolicyError) as caught:
        async with take_in(tmp_path, pieces(10), MEBIBYTE):
            pytest.fail("there was no room")
    assert (caught.value.status_code, caught.value.code) == (507, "storage_full")
    await nothing_in(tmp_path)


async def test_a_folder_that_does_not_work(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(TransientError) as caught:
        async with take_in(tmp_path / "file", pieces(10), MEBIBYTE):
            pytest.fail("that is no folder")
    assert caught.value.code == "storage_unavailable"


async def test_a_caller_that_gives_up_leaves_nothing(tmp_path: Path) -> None:
    begun = asyncio.Event()

    async def stuck() -> AsyncIterator[bytes]:
        yield b"x" * MEBIBYTE
        begun.set()
        await asyncio.Event().wait()

    async def take() -> None:
        async with take_in(tmp_path, stuck(), 2 * MEBIBYTE):
            pytest.fail("it never gets whole")

    task = spawn(take(), name="gives-up")
    await begun.wait()
    assert await asyncio.to_thread(lambda: list(tmp_path.iterdir()))
    await end(task)
    await nothing_in(tmp_path)
