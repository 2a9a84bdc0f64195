"""Archives in a private bucket of Supabase Storage.

Storage answers logical errors with HTTP 400 and says in the body what is meant (recorded from a real server, see
``tests/servers/supabase-storage-transcript.json``), so the body decides and not the status.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from uuid import UUID

import httpx
import structlog
from pydantic import SecretStr

from session_core.backups.errors import BackupMissing, StoreAway, StoreRefused
from session_core.backups.stores.contract import SUFFIX, is_path
from session_core.backups.stores.tus import Upload
from session_core.backups.streams import PIECE, Readable, Stop
from session_core.errors import WhahookError

log = structlog.get_logger(__name__)

TIMEOUT = httpx.Timeout(60, connect=10)
"""Seconds for one piece of an answer, not for all of it."""

LIST_PAGE = 100


class SupabaseStore:
    """See `session_core.backups.stores.contract.ArchiveStore`."""

    name = "supabase"

    def __init__(self, url: str, key: SecretStr, bucket: str, names: Callable[[str], bool] = is_path) -> None:
        """Prepare; nothing is contacted before it is needed.

        Args:
            url: the project's, e.g. ``https://abcdefghijklmnop.supabase.co``.
            key: the service role's key.
            bucket: name of the bucket; made, private, with the first archive.
            names: tells which paths may be in it.
        """
        self._url = f"{url.rstrip('/')}/storage/v1"
        self._key = key
        self._bucket = bucket
        self._names = names
        self._private = False

    def put(self, path: str, source: Path, stop: Stop) -> None:
        """See `ArchiveStore.put`. A line that breaks is taken up where it broke."""
        self._check(path)
        size = source.stat().st_size
        with self._client() as client:
            self._see_to_bucket(client)
            Upload(client, self._bucket, path, source, stop).send()
            found = self._info(client, path)
            if found is None or found.get("size") != size:
                raise StoreAway("The archive did not arrive whole.")

    @contextmanager
    def open(self, path: str, start: int = 0) -> Iterator[Readable]:
        """See `ArchiveStore.open`."""
        self._check(path)
        headers = {"Range": f"bytes={start}-"} if start else {}
        with self._client() as client:
            try:
                where = f"/object/authenticated/{self._bucket}/{path}"
                with client.stream("GET", where, headers=headers) as answer:
                    if answer.is_error:
                        answer.read()
                        raise _error(answer)
                    begun = _Download(answer.iter_bytes(PIECE))
                    if answer.status_code == httpx.codes.OK:
                        # A server need not begin where it was asked to (RFC 9110, 14.2).
                        begun.skip(start)
                    yield begun
            except httpx.HTTPError as error:
                raise _away(error) from error

    def delete(self, path: str) -> None:
        """See `ArchiveStore.delete`."""
        self._check(path)
        with self._client() as client:
            try:
                _ask(client, "DELETE", f"/object/{self._bucket}", json={"prefixes": [path]})
            except BackupMissing:
                # Not even the bucket is there.
                return

    def has(self, path: str) -> bool:
        """See `ArchiveStore.has`."""
        self._check(path)
        with self._client() as client:
            return self._info(client, path) is not None

    def of_account(self, user_id: UUID, account_id: UUID) -> Iterator[str]:
        """See `ArchiveStore.of_account`."""
        folder = f"{user_id}/{account_id}"
        names: list[str] = []
        with self._client() as client:
            while True:
                body = {
                    "prefix": folder,
                    "limit": LIST_PAGE,
                    "offset": len(names),
                    "sortBy": {"column": "name", "order": "asc"},
                }
                try:
                    page = _ask(client, "POST", f"/object/list/{self._bucket}", json=body)
                except BackupMissing:
                    break
                names += [entry["name"] for entry in page]
                if len(page) < LIST_PAGE:
                    break
        yield from (f"{folder}/{name}" for name in names if name.endswith(SUFFIX))

    def _check(self, path: str) -> None:
        if not self._names(path):
            raise BackupMissing("This is no path of a backup.")

    def _client(self) -> httpx.Client:
        key = self._key.get_secret_value()
        headers = {"apikey": key, "Authorization": f"Bearer {key}", "Accept-Encoding": "identity"}
        return httpx.Client(base_url=self._url, headers=headers, timeout=TIMEOUT)

    def _see_to_bucket(self, client: httpx.Client) -> None:
        """Make the bucket if it is not there; refuse one that everybody can read."""
        if self._private:
            return
        try:
            bucket = _ask(client, "GET", f"/bucket/{self._bucket}")
        except BackupMissing:
            body = {"id": self._bucket, "name": self._bucket, "public": False}
            try:
                _ask(client, "POST", "/bucket", json=body)
            except _Duplicate:
                log.info("bucket_made_by_another", bucket=self._bucket)
            bucket = _ask(client, "GET", f"/bucket/{self._bucket}")
        if bucket.get("public") is not False:
            raise StoreRefused(
                f"The bucket {self._bucket!r} is public.",
                action="Make it private, or name another one with WHAHOOK_BACKUP_BUCKET.",
            )
        self._private = True

    def _info(self, client: httpx.Client, path: str) -> dict[str, Any] | None:
        try:
            found: dict[str, Any] = _ask(client, "GET", f"/object/info/{self._bucket}/{path}")
        except BackupMissing:
            return None
        return found


class _Duplicate(StoreRefused):
    """It is there already."""


class _Download:
    """Reads an answer that comes piece by piece."""

    def __init__(self, pieces: Iterator[bytes]) -> None:
        self._pieces = pieces
        self._left = b""

    def skip(self, size: int) -> None:
        """Read ``size`` bytes and throw them away."""
        while size > 0 and (piece := self.read(min(size, PIECE))):
            size -= len(piece)

    def read(self, size: int = -1, /) -> bytes:
        """Read at most ``size`` bytes."""
        try:
            while not self._left:
                self._left = next(self._pieces)
        except StopIteration:
            return b""
        except httpx.HTTPError as error:
            raise _away(error) from error
        cut = len(self._left) if size < 0 else size
        given, self._left = self._left[:cut], self._left[cut:]
        return given


def _ask(client: httpx.Client, method: str, path: str, **options: Any) -> Any:
    try:
        answer = client.request(method, path, **options)
    except httpx.HTTPError as error:
        raise _away(error) from error
    if answer.is_error:
        raise _error(answer)
    try:
        return answer.json()
    except ValueError as error:
        raise StoreAway("Supabase Storage answered something else than JSON.") from error


def _away(error: httpx.HTTPError) -> StoreAway:
    # Only the kind: an error's text may repeat an address.
    return StoreAway(f"Supabase Storage cannot be reached ({type(error).__name__}).")


def _error(answer: httpx.Response) -> WhahookError:
    """Turn an answer into the error that it means."""
    try:
        body = answer.json()
    except ValueError:
        body = {}
    if not isinstance(body, dict):
        body = {}
    code, status = str(body.get("code", "")), str(body.get("statusCode", answer.status_code))
    if code in {"NoSuchKey", "NoSuchBucket"} or status == "404":
        return BackupMissing("The backup's archive is not in the bucket.")
    if code in {"BucketAlreadyExists", "KeyAlreadyExists"} or status == "409":
        return _Duplicate("Something is there already under this name.")
    if status in {"401", "403"}:
        return StoreRefused(
            "Supabase Storage refuses the key.",
            action="Check SUPABASE_SERVICE_ROLE_KEY: it must be the service role's.",
        )
    if status == "413":
        return StoreRefused(
            "The archive is larger than the bucket allows.", action="Raise the bucket's file size limit."
        )
    return StoreAway(f"Supabase Storage answered {status} {code}".strip() + ".")
