"""Uploads that can be taken up again: TUS 1.0, as Supabase Storage speaks it."""

from __future__ import annotations

import base64
import threading
from datetime import timedelta
from pathlib import Path

import httpx
import structlog

from session_core.backups.errors import StoreAway, StoreRefused
from session_core.backups.streams import Stop

log = structlog.get_logger(__name__)

CHUNK = 6 * 1024 * 1024
"""Bytes. Supabase takes this size only, but for the last one."""

TRIES = 6
"""Failures in a row; each chunk that arrives begins anew."""

FIRST_PAUSE = timedelta(milliseconds=500)
LONGEST_PAUSE = timedelta(seconds=15)
_LOOK_EVERY = timedelta(milliseconds=100)

_VERSION = {"Tus-Resumable": "1.0.0"}
_REFUSED = frozenset({400, 401, 403, 409, 413, 415})


class Upload:
    """One upload. Blocks: run it in a thread."""

    def __init__(self, client: httpx.Client, bucket: str, path: str, source: Path, stop: Stop) -> None:
        """Prepare.

        Args:
            client: has the storage's address and the key.
            bucket: where to.
            path: under which name; never one that is taken.
            source: what.
            stop: breaks it off.
        """
        self._client = client
        self._bucket = bucket
        self._path = path
        self._source = source
        self._size = source.stat().st_size
        self._stop = stop

    def send(self) -> None:
        """Send all of it.

        Raises:
            StoreAway: the server does not answer, or forgot the upload.
            StoreRefused: it does not take it.
        """
        place = self._create()
        try:
            self._send_to(place)
        except BaseException:
            self._give_up(place)
            raise

    def _create(self) -> httpx.URL:
        metadata = {"bucketName": self._bucket, "objectName": self._path, "contentType": "application/octet-stream"}
        headers = {
            **_VERSION,
            "Upload-Length": str(self._size),
            "Upload-Metadata": ",".join(f"{name} {_base64(value)}" for name, value in metadata.items()),
            "x-upsert": "false",
        }
        answer = self._ask("POST", self._client.base_url.join("upload/resumable"), headers)
        if answer.status_code != 201 or "location" not in answer.headers:
            raise StoreAway(f"The upload could not begin (HTTP {answer.status_code}).")
        return self._own(answer.headers["location"])

    def _own(self, location: str) -> httpx.URL:
        """Return where the upload goes on, always on the server that we know: the key goes to nobody else."""
        base = self._client.base_url
        named = base.join(location)
        return named.copy_with(scheme=base.scheme, host=base.host, port=base.port)

    def _send_to(self, place: httpx.URL) -> None:
        offset, failures, sure = 0, 0, True
        with self._source.open("rb") as file:
            while offset < self._size:
                self._stop()
                try:
                    if not sure:
                        offset = self._arrived(place)
                        sure = True
                        continue
                    file.seek(offset)
                    offset = self._send_chunk(place, offset, file.read(CHUNK))
                    failures = 0
                except StoreAway as error:
                    failures, sure = failures + 1, False
                    if failures >= TRIES:
                        raise
                    log.info("upload_interrupted", at=offset, error=error.message)
                    self._pause(failures)

    def _send_chunk(self, place: httpx.URL, offset: int, chunk: bytes) -> int:
        headers = {**_VERSION, "Upload-Offset": str(offset), "Content-Type": "application/offset+octet-stream"}
        answer = self._ask("PATCH", place, headers, chunk, conflict_is_refusal=False)
        if answer.status_code != 204:
            raise StoreAway(f"A piece of the upload was not taken (HTTP {answer.status_code}).")
        return _offset(answer)

    def _arrived(self, place: httpx.URL) -> int:
        """Ask how much arrived."""
        answer = self._ask("HEAD", place, _VERSION)
        if answer.status_code != 200:
            raise StoreAway(f"The upload is not known any more (HTTP {answer.status_code}).")
        return _offset(answer)

    def _give_up(self, place: httpx.URL) -> None:
        """Tell the server that no more comes; it forgets the rest by itself when this fails."""
        try:
            self._client.delete(place, headers=_VERSION)
        except httpx.HTTPError as error:
            log.info("upload_not_taken_back", error=type(error).__name__)

    def _ask(
        self,
        method: str,
        place: httpx.URL,
        headers: dict[str, str],
        content: bytes | None = None,
        *,
        conflict_is_refusal: bool = True,
    ) -> httpx.Response:
        try:
            answer = self._client.request(method, place, headers=headers, content=content)
        except httpx.HTTPError as error:
            raise StoreAway(f"Supabase Storage cannot be reached ({type(error).__name__}).") from error
        # A chunk that does not begin where the last one ended is a conflict, too: that only has to be asked for.
        refused = answer.status_code in _REFUSED and (conflict_is_refusal or answer.status_code != 409)
        if refused:
            raise StoreRefused(
                f"Supabase Storage refuses the upload (HTTP {answer.status_code}).",
                action="Check SUPABASE_SERVICE_ROLE_KEY and the bucket's limits.",
            )
        return answer

    def _pause(self, failures: int) -> None:
        left = min(FIRST_PAUSE * 2 ** (failures - 1), LONGEST_PAUSE)
        waiting = threading.Event()
        while left > timedelta(0):
            self._stop()
            waiting.wait(min(left, _LOOK_EVERY).total_seconds())
            left -= _LOOK_EVERY


def _offset(answer: httpx.Response) -> int:
    value = answer.headers.get("upload-offset", "")
    if not value.isdigit():
        raise StoreAway("Supabase Storage did not say how much arrived.")
    return int(value)


def _base64(text: str) -> str:
    return base64.b64encode(text.encode()).decode()
