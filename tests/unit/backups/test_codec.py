"""An archive opens whole, unchanged, with its key and for what it is; or it does not open."""

from __future__ import annotations

import io
import json
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from session_core.backups.codec import DecryptingReader, EncryptingWriter, Label
from session_core.backups.errors import BackupDamaged, BackupForeign, BackupKeyMissing
from session_core.backups.header import MAGIC, read_header
from session_core.backups.keys import KeyRing
from session_core.errors import WhahookError

KEYS = KeyRing({"one": b"1" * 32})
LABEL = Label(UUID(int=1), UUID(int=2), 7)
CHUNK = 16


def sealed(plain: bytes, *, keys: KeyRing = KEYS, label: Label = LABEL, pieces: int = 5) -> bytes:
    sink = io.BytesIO()
    with EncryptingWriter(sink, keys, label, CHUNK) as writer:
        for start in range(0, len(plain), pieces):
            writer.write(plain[start : start + pieces])
    return sink.getvalue()


def opened(archive: bytes, *, keys: KeyRing = KEYS, label: Label | None = LABEL) -> bytes:
    return DecryptingReader(io.BytesIO(archive), keys, label).read()


def header_length(archive: bytes) -> int:
    return len(read_header(io.BytesIO(archive)).encode())


texts = st.binary(max_size=5 * CHUNK + 3)


@given(texts, st.integers(1, 40))
def test_what_was_written_comes_back(plain: bytes, pieces: int) -> None:
    assert opened(sealed(plain, pieces=pieces)) == plain


@pytest.mark.parametrize("length", [0, 1, CHUNK - 1, CHUNK, CHUNK + 1, 2 * CHUNK, 3 * CHUNK])
def test_the_ends_of_chunks_are_no_special_case(length: int) -> None:
    archive = sealed(b"x" * length)
    assert opened(archive) == b"x" * length
    chunks = max(1, -(-length // CHUNK))
    assert len(archive) == header_length(archive) + length + 16 * chunks


@given(texts, st.data())
def test_any_cut_is_an_error(plain: bytes, data: st.DataObject) -> None:
    archive = sealed(plain)
    cut = data.draw(st.integers(0, len(archive) - 1))
    with pytest.raises(BackupDamaged):
        opened(archive[:cut])


def test_a_cut_between_two_chunks_is_an_error() -> None:
    archive = sealed(b"x" * 3 * CHUNK)
    for chunks in range(3):
        with pytest.raises(BackupDamaged):
            opened(archive[: header_length(archive) + chunks * (CHUNK + 16)])


@given(texts, st.data())
def test_any_changed_bit_is_an_error(plain: bytes, data: st.DataObject) -> None:
    archive = bytearray(sealed(plain))
    bit = data.draw(st.integers(0, len(archive) * 8 - 1))
    archive[bit // 8] ^= 1 << bit % 8
    with pytest.raises(WhahookError) as caught:
        opened(bytes(archive))
    # In the header's texts a changed bit can also make it the archive of something else.
    assert isinstance(caught.value, BackupDamaged | BackupForeign | BackupKeyMissing)


@given(texts, st.binary(min_size=1, max_size=2 * CHUNK + 40))
def test_anything_behind_the_end_is_an_error(plain: bytes, more: bytes) -> None:
    with pytest.raises(BackupDamaged):
        opened(sealed(plain) + more)


def test_chunks_that_changed_places_are_an_error() -> None:
    archive = sealed(b"a" * CHUNK + b"b" * CHUNK + b"c")
    start, size = header_length(archive), CHUNK + 16
    first, second = archive[start : start + size], archive[start + size : start + 2 * size]
    with pytest.raises(BackupDamaged):
        opened(archive[:start] + second + first + archive[start + 2 * size :])
    with pytest.raises(BackupDamaged):
        opened(archive[:start] + first + archive[start + 2 * size :])


def test_chunks_of_one_archive_do_not_open_in_another() -> None:
    one, other = sealed(b"a" * 3 * CHUNK), sealed(b"a" * 3 * CHUNK)
    assert one[header_length(one) :] != other[header_length(other) :]
    with pytest.raises(BackupDamaged):
        opened(one[: header_length(one)] + other[header_length(other) :])


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("account_id", str(UUID(int=9))),
        ("backup_id", str(UUID(int=9))),
        ("epoch", 8),
        ("key_id", "two"),
        ("salt", "00" * 16),
        ("prefix", "00" * 7),
        ("chunk", 32),
    ],
)
def test_every_field_of_the_header_is_bound_to_the_chunks(field: str, value: object) -> None:
    archive = sealed(b"x" * 40)
    length = header_length(archive)
    fields = json.loads(archive[len(MAGIC) + 2 : length]) | {field: value}
    body = json.dumps(fields, separators=(",", ":"), sort_keys=True).encode()
    forged = MAGIC + len(body).to_bytes(2, "big") + body + archive[length:]
    keys = KeyRing({"one": b"1" * 32, "two": b"1" * 32})
    with pytest.raises(BackupDamaged):
        opened(forged, keys=keys, label=None)


@pytest.mark.parametrize(
    "label",
    [Label(UUID(int=9), UUID(int=2), 7), Label(UUID(int=1), UUID(int=9), 7), Label(UUID(int=1), UUID(int=2), 8)],
)
def test_the_archive_of_something_else_is_refused(label: Label) -> None:
    with pytest.raises(BackupForeign):
        opened(sealed(b"x"), label=label)


def test_another_key_with_the_same_name_does_not_open_it() -> None:
    with pytest.raises(BackupDamaged):
        opened(sealed(b"x"), keys=KeyRing({"one": b"2" * 32}))


def test_a_key_that_is_not_here_is_named() -> None:
    with pytest.raises(BackupKeyMissing, match="one"):
        opened(sealed(b"x"), keys=KeyRing({"two": b"1" * 32}))


def test_rotation_makes_with_the_first_key_and_opens_with_any() -> None:
    old = sealed(b"old")
    rotated = KeyRing({"two": b"2" * 32, "one": b"1" * 32})
    new = sealed(b"new", keys=rotated)
    assert (opened(old, keys=rotated), opened(new, keys=rotated)) == (b"old", b"new")
    assert read_header(io.BytesIO(new)).key_id == "two"


def test_an_archive_that_was_given_up_does_not_open() -> None:
    sink = io.BytesIO()
    writer = EncryptingWriter(sink, KEYS, LABEL, CHUNK)
    writer.write(b"x" * 40)
    writer.abandon()
    writer.close()
    with pytest.raises(BackupDamaged):
        opened(sink.getvalue())


def test_nothing_comes_out_before_its_chunk_was_proved() -> None:
    archive = bytearray(sealed(b"a" * CHUNK + b"b" * CHUNK))
    archive[-1] ^= 1
    reader = DecryptingReader(io.BytesIO(archive), KEYS, LABEL)
    assert reader.read(CHUNK) == b"a" * CHUNK
    with pytest.raises(BackupDamaged):
        reader.read(1)


@given(st.binary(max_size=200))
def test_no_rubbish_opens_or_breaks_in_another_way(rubbish: bytes) -> None:
    for archive in (rubbish, MAGIC + rubbish, MAGIC + len(rubbish).to_bytes(2, "big") + rubbish):
        with pytest.raises(BackupDamaged):
            opened(archive, label=None)


@pytest.mark.parametrize(
    "fields",
    [
        [],
        {},
        {"chunk": 10**12},
        {"chunk": 0},
        {"chunk": True},
        {"salt": "zz"},
        {"salt": "00"},
        {"epoch": "7"},
        {"account_id": "me"},
        {"more": 1},
    ],
)
def test_a_header_that_is_none_is_refused_before_anything_is_read(fields: object) -> None:
    good = {
        "key_id": "one",
        "salt": "00" * 16,
        "prefix": "00" * 7,
        "chunk": CHUNK,
        "account_id": str(UUID(int=1)),
        "backup_id": str(UUID(int=2)),
        "epoch": 7,
    }
    body = json.dumps({**good, **fields} if isinstance(fields, dict) and fields else fields).encode()
    with pytest.raises(BackupDamaged):
        opened(MAGIC + len(body).to_bytes(2, "big") + body)


def test_keys_are_in_no_text() -> None:
    assert "1111" not in repr(KEYS) + str(KEYS)
