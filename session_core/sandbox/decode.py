"""Reads the QR in a picture: what a phone's camera does."""

from __future__ import annotations

import asyncio
import io

import zxingcpp
from fastapi import Request
from PIL import Image, UnidentifiedImageError
from starlette.datastructures import UploadFile

from session_core.sandbox.errors import SandboxError

MAX_IMAGE_BYTES = 10 * 1024 * 1024
MAX_IMAGE_PIXELS = 40_000_000


async def decode_qr(request: Request) -> str:
    """Return the text of the QR in the request's picture (raw body, or the first file of a form).

    Raises:
        SandboxError: 413 ``image_too_large``; 415 ``not_an_image``; 422 ``no_qr``.
    """
    picture = await _picture(request)
    return await asyncio.to_thread(_read, picture)


async def _picture(request: Request) -> bytes:
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > MAX_IMAGE_BYTES:
            raise SandboxError(413, "image_too_large", "The picture is larger than 10 MB. Cut it down to the QR.")
    if not request.headers.get("content-type", "").startswith("multipart/form-data"):
        return bytes(body)
    replay = Request(request.scope, _once(bytes(body)))
    async with replay.form(max_files=1, max_fields=8) as form:
        files = [value for value in form.values() if isinstance(value, UploadFile)]
        return await files[0].read() if files else b""


def _once(body: bytes):  # type: ignore[no-untyped-def]  # Starlette's Receive, told by its use
    async def receive() -> dict[str, object]:
        return {"type": "http.request", "body": body, "more_body": False}

    return receive


def _read(picture: bytes) -> str:
    try:
        with Image.open(io.BytesIO(picture), formats=["PNG", "JPEG", "WEBP", "GIF", "BMP"]) as image:
            if image.width * image.height > MAX_IMAGE_PIXELS:
                raise SandboxError(
                    413, "image_too_large", "The picture has more than 40 million pixels. Cut it down to the QR."
                )
            grey = image.convert("L")
    except (UnidentifiedImageError, OSError, ValueError) as error:
        raise SandboxError(415, "not_an_image", "This is no PNG, JPEG, WebP, GIF or BMP picture.") from error
    for code in zxingcpp.read_barcodes(grey, formats=zxingcpp.BarcodeFormat.QRCode):
        if code.text:
            return str(code.text)
    raise SandboxError(
        422, "no_qr", "There is no readable QR in this picture. Take it from nearer, straight, with its white border."
    )
