"""Files in forms, read while they arrive: nothing of them is kept in memory or put down anywhere by us."""

from __future__ import annotations

from collections import deque
from collections.abc import AsyncIterator
from dataclasses import dataclass

from python_multipart.exceptions import FormParserError
from python_multipart.multipart import MultipartParser, parse_options_header
from starlette.requests import Request

from session_core.errors import PolicyError

FIELD = "file"
OVERHEAD = 64 * 1024
"""Bytes of a form that are not the file: the lines between its parts, and fields that nobody asked for."""

MAX_HEADER = 8 * 1024


@dataclass(frozen=True, slots=True)
class Upload:
    """The file of a form. ``pieces`` ends with an error when the form is cut off."""

    filename: str | None
    pieces: AsyncIterator[bytes]


def is_form(request: Request) -> bool:
    """Tell whether the request's body is a form that can carry files."""
    return request.headers.get("content-type", "").lower().startswith("multipart/form-data")


async def read_upload(request: Request) -> Upload:
    """Read a form up to the first bytes of its file.

    Raises:
        PolicyError: 422 ``bad_upload``, there is no file in it, or it is no form.
    """
    _, options = parse_options_header(request.headers.get("content-type", ""))
    boundary = options.get(b"boundary", b"")
    if not boundary:
        raise _bad("The form says no boundary.")
    form = _Form(boundary)
    stream = aiter(request.stream())
    while not form.found:
        await _more(form, stream, f"The form has no file in the field {FIELD!r}.")
    return Upload(form.filename, _pieces(form, stream))


async def _pieces(form: _Form, stream: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    while True:
        while form.data:
            yield form.data.popleft()
        if form.whole:
            break
        await _more(form, stream, "The form was cut off.")
    async for _ in stream:
        # What comes behind the file means nothing; the layer around us limits it.
        continue


async def _more(form: _Form, stream: AsyncIterator[bytes], otherwise: str) -> None:
    chunk = await anext(stream, None)
    if not chunk:
        raise _bad(otherwise)
    form.feed(chunk)


def _bad(why: str) -> PolicyError:
    return PolicyError(
        why,
        code="bad_upload",
        action=f"Send multipart/form-data with one file in the field {FIELD!r}.",
        status_code=422,
    )


class _Form:
    """Follows a form. ``found`` once the file's first bytes are next, ``whole`` once they have all been there."""

    def __init__(self, boundary: bytes) -> None:
        self.data: deque[bytes] = deque()
        self.filename: str | None = None
        self.found = False
        self.whole = False
        self._inside = False
        self._name = bytearray()
        self._value = bytearray()
        self._headers: dict[bytes, bytes] = {}
        self._parser = MultipartParser(
            boundary,
            {
                "on_part_begin": self._begin,
                "on_header_field": self._on_name,
                "on_header_value": self._on_value,
                "on_header_end": self._on_header,
                "on_headers_finished": self._on_headers,
                "on_part_data": self._on_data,
                "on_part_end": self._end,
            },
        )

    def feed(self, chunk: bytes) -> None:
        try:
            self._parser.write(chunk)
        except FormParserError as error:
            raise _bad("The form cannot be read.") from error

    def _begin(self) -> None:
        self._headers = {}

    def _on_name(self, data: bytes, start: int, end: int) -> None:
        self._name += data[start:end]
        self._limit(self._name)

    def _on_value(self, data: bytes, start: int, end: int) -> None:
        self._value += data[start:end]
        self._limit(self._value)

    def _limit(self, text: bytearray) -> None:
        if len(text) > MAX_HEADER or len(self._headers) > 20:
            raise _bad("The form's headers are too long.")

    def _on_header(self) -> None:
        self._headers[bytes(self._name).lower()] = bytes(self._value)
        self._name.clear()
        self._value.clear()

    def _on_headers(self) -> None:
        _, options = parse_options_header(self._headers.get(b"content-disposition", b""))
        if not self.found and options.get(b"name") == FIELD.encode() and b"filename" in options:
            self.filename = options[b"filename"].decode("utf-8", "replace")
            self.found = self._inside = True

    def _on_data(self, data: bytes, start: int, end: int) -> None:
        if self._inside:
            self.data.append(data[start:end])

    def _end(self) -> None:
        if self._inside:
            self._inside, self.whole = False, True
