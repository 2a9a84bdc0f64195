"""Folders to archives and back, on a real disk."""

from __future__ import annotations

import io
import tarfile
import tracemalloc
from pathlib import Path

import pytest
import zstandard

from session_core.backups.archive import pack, unpack
from session_core.backups.codec import EncryptingWriter, Label
from session_core.backups.errors import BackupDamaged
from session_core.backups.keys import KeyRing
from tests.integration.backups.profiles import NEEDED, contents, go_on, label, make_profile


def packed(folder: Path, keys: KeyRing, what: Label) -> bytes:
    sink = io.BytesIO()
    written = pack(folder, sink, keys, what, go_on)
    assert written.size == len(sink.getvalue())
    return sink.getvalue()


def sealed(plain: bytes, keys: KeyRing, what: Label) -> bytes:
    sink = io.BytesIO()
    with EncryptingWriter(sink, keys, what) as writer:
        writer.write(plain)
    return sink.getvalue()


def test_what_a_login_needs_comes_back_and_nothing_else(profile: Path, keys: KeyRing, tmp_path: Path) -> None:
    what = label()
    target = tmp_path / "restored"
    target.mkdir()
    (profile / "Default" / "Cookies-link").symlink_to("/etc/passwd")
    (profile / "Default" / "Local Storage" / "link").symlink_to("/etc/passwd")
    archive = packed(profile, keys, what)
    unpack(io.BytesIO(archive), target, keys, what, go_on)
    assert contents(target) == NEEDED
    assert {path.stat().st_mode & 0o077 for path in target.rglob("*")} == {0}


def test_checking_reads_everything_and_writes_nothing(profile: Path, keys: KeyRing, tmp_path: Path) -> None:
    what = label()
    archive = packed(profile, keys, what)
    before = contents(tmp_path)
    found = unpack(io.BytesIO(archive), None, keys, what, go_on)
    assert (found.size, found.key_id) == (len(archive), keys.current)
    assert contents(tmp_path) == before


def test_a_big_profile_is_never_whole_in_memory(keys: KeyRing, tmp_path: Path) -> None:
    big = 64 * 1024 * 1024
    profile = make_profile(tmp_path / "big", big=big)
    what = label()
    (tmp_path / "restored").mkdir()
    tracemalloc.start()
    try:
        with (tmp_path / "archive").open("wb") as file:
            pack(profile, file, keys, what, go_on)
        with (tmp_path / "archive").open("rb") as file:
            unpack(file, tmp_path / "restored", keys, what, go_on)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < big / 4
    name = "Default/Local Storage/leveldb/big.log"
    assert (tmp_path / "restored" / name).read_bytes() == (profile / name).read_bytes()


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("Default/../../outside", tarfile.REGTYPE),
        ("../outside", tarfile.REGTYPE),
        ("/tmp/outside", tarfile.REGTYPE),
        ("Default/History", tarfile.REGTYPE),
        ("Default/Cookies", tarfile.SYMTYPE),
        ("Default/Cookies", tarfile.LNKTYPE),
        ("Default/Cookies", tarfile.FIFOTYPE),
        ("Default/Cookies", tarfile.CHRTYPE),
    ],
)
def test_an_archive_with_something_else_in_it_is_refused(name: str, kind: bytes, keys: KeyRing, tmp_path: Path) -> None:
    """Made with the right key by somebody who means harm."""
    buffer = io.BytesIO()
    with tarfile.open(mode="w", fileobj=buffer) as tar:
        info = tarfile.TarInfo(name)
        info.type, info.linkname = kind, "/etc/passwd"
        tar.addfile(info)
    what = label()
    target = tmp_path / "target"
    target.mkdir()
    archive = sealed(zstandard.compress(buffer.getvalue()), keys, what)
    with pytest.raises(BackupDamaged):
        unpack(io.BytesIO(archive), target, keys, what, go_on)
    assert contents(tmp_path / "target") == {}
    assert not (tmp_path / "outside").exists()


@pytest.mark.parametrize("second", ["Default/Session Storage", "Default/Session Storage/x"])
def test_the_same_name_twice_is_refused(second: str, keys: KeyRing, tmp_path: Path) -> None:
    buffer = io.BytesIO()
    with tarfile.open(mode="w", fileobj=buffer) as tar:
        for name in ("Default/Session Storage", second):
            tar.addfile(tarfile.TarInfo(name))
    what = label()
    target = tmp_path / "target"
    target.mkdir()
    with pytest.raises(BackupDamaged):
        unpack(io.BytesIO(sealed(zstandard.compress(buffer.getvalue()), keys, what)), target, keys, what, go_on)


@pytest.mark.parametrize("plain", [b"", b"no zstd at all", zstandard.compress(b"no tar"), zstandard.compress(b"")])
def test_what_is_no_tar_inside_is_refused(plain: bytes, keys: KeyRing, tmp_path: Path) -> None:
    what = label()
    with pytest.raises(BackupDamaged):
        unpack(io.BytesIO(sealed(plain, keys, what)), tmp_path, keys, what, go_on)


def test_a_cut_inside_the_tar_is_seen(profile: Path, keys: KeyRing) -> None:
    """Sealed again after the cut, by whoever has the key: the chunks are in order, their content is not."""
    from session_core.backups.codec import DecryptingReader

    what = label()
    plain = DecryptingReader(io.BytesIO(packed(profile, keys, what)), keys, what).read()
    with pytest.raises(BackupDamaged):
        unpack(io.BytesIO(sealed(plain[: len(plain) // 2], keys, what)), None, keys, what, go_on)


def test_work_that_nobody_wants_any_more_ends_and_leaves_no_archive(keys: KeyRing, tmp_path: Path) -> None:
    class Enough(Exception):
        pass

    asked = 0

    def stop() -> None:
        nonlocal asked
        asked += 1
        if asked > 5:
            raise Enough

    profile = make_profile(tmp_path / "profile", big=8 * 1024 * 1024)
    sink = io.BytesIO()
    what = label()
    with pytest.raises(Enough):
        pack(profile, sink, keys, what, stop)
    with pytest.raises(BackupDamaged):
        unpack(io.BytesIO(sink.getvalue()), None, keys, what, go_on)
