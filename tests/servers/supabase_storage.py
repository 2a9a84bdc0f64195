"""A stand-in for Supabase Storage: the part that backups use, and not Supabase.

Its plain answers are those recorded from a real supabase/storage server (``supabase-storage-transcript.json``; a test
compares them one by one). The uploads that can be taken up again are written from the TUS 1.0 specification, and from
what was measured on that server: pieces of 6 MiB, and a HEAD that tells how much arrived.

Faults are switched on by the attributes of `Storage`.
"""

from __future__ import annotations

import asyncio
import base64
import json
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from uuid import uuid4

import uvicorn
from starlette.applications import Starlette
from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, Response, StreamingResponse
from starlette.routing import Mount, Route

from session_core.tasks import spawn
from tests.servers.api import _Server
from tests.waiting import eventually

KEY = "service-role-key"
PIECE = 6 * 1024 * 1024


def _error(status: str, error: str, message: str, code: str) -> JSONResponse:
    """Answer as the real one does: HTTP 400, and what is meant in the body."""
    return JSONResponse({"statusCode": status, "error": error, "message": message, "code": code}, status_code=400)


def no_bucket() -> JSONResponse:
    return _error("404", "Bucket not found", "Bucket not found", "NoSuchBucket")


def no_object() -> JSONResponse:
    return _error("404", "not_found", "Object not found", "NoSuchKey")


def duplicate(code: str) -> JSONResponse:
    return _error("409", "Duplicate", "The resource already exists", code)


@dataclass
class Upload:
    bucket: str
    name: str
    length: int
    content: bytearray = field(default_factory=bytearray)


@dataclass
class Storage:
    """What it holds, and what goes wrong.

    Attributes:
        cut_after: bytes of the next piece that still arrive before the line breaks; once.
        broken: so many of the next requests are answered with HTTP 503.
        lose_answer: the next piece arrives and its answer is lost; once.
        forget_uploads: uploads under way are not known any more.
        cut_download: bytes after which the next download breaks; once.
        pieces: lengths of the pieces that arrived.
        ranges: whether a download can begin in the middle.
    """

    buckets: dict[str, bool] = field(default_factory=dict)
    objects: dict[tuple[str, str], bytes] = field(default_factory=dict)
    uploads: dict[str, Upload] = field(default_factory=dict)
    cut_after: int | None = None
    broken: int = 0
    lose_answer: bool = False
    forget_uploads: bool = False
    cut_download: int | None = None
    pieces: list[int] = field(default_factory=list)
    ranges: bool = True
    refused: int = 0

    def refuse(self, request: Request) -> Response | None:
        """Return the answer to whoever has no key, or to anybody while it is broken."""
        if self.broken:
            self.broken -= 1
            return Response(status_code=503)
        if request.headers.get("authorization") != f"Bearer {KEY}" or request.headers.get("apikey") != KEY:
            self.refused += 1
            return _error("403", "Unauthorized", "signature verification failed", "AccessDenied")
        return None

    # ---- Buckets ---------------------------------------------------------------------------------------------------

    async def buckets_(self, request: Request) -> Response:
        if request.method == "GET":
            return JSONResponse([self._bucket(name) for name in self.buckets])
        body = await request.json()
        if body["id"] in self.buckets:
            return duplicate("BucketAlreadyExists")
        self.buckets[body["id"]] = bool(body["public"])
        return JSONResponse({"name": body["id"]})

    async def bucket(self, request: Request) -> Response:
        name = request.path_params["bucket"]
        if name not in self.buckets:
            return no_bucket()
        if request.method == "DELETE":
            del self.buckets[name]
            return JSONResponse({"message": "Successfully deleted"})
        return JSONResponse(self._bucket(name))

    async def empty(self, request: Request) -> Response:
        for key in [key for key in self.objects if key[0] == request.path_params["bucket"]]:
            del self.objects[key]
        return JSONResponse({"message": "Empty bucket has been queued. Completion may take up to an hour."})

    def _bucket(self, name: str) -> dict[str, Any]:
        now = "2026-11-24T03:17:39.607Z"
        return {
            "id": name,
            "name": name,
            "owner": "",
            "public": self.buckets[name],
            "file_size_limit": None,
            "allowed_mime_types": None,
            "created_at": now,
            "updated_at": now,
        }

    # ---- Objects ---------------------------------------------------------------------------------------------------

    async def object(self, request: Request) -> Response:
        bucket, name = request.path_params["bucket"], request.path_params["name"]
        if bucket not in self.buckets:
            return no_bucket()
        if request.method == "POST":
            if (bucket, name) in self.objects and request.headers.get("x-upsert") != "true":
                return duplicate("KeyAlreadyExists")
            self.objects[bucket, name] = await request.body()
            return JSONResponse({"Key": f"{bucket}/{name}", "Id": str(uuid4())})
        content = self.objects.get((bucket, name))
        if content is None:
            return no_object()
        asked = request.headers.get("range", "")
        if self.ranges and asked.startswith("bytes="):
            start, whole = int(asked.removeprefix("bytes=").removesuffix("-")), len(content)
            part = {"content-range": f"bytes {start}-{whole - 1}/{whole}"}
            return Response(content[start:], 206, part, "application/octet-stream")
        return StreamingResponse(
            self._pieces(content),
            media_type="application/octet-stream",
            headers={"content-length": str(len(content)), "accept-ranges": "bytes", "cache-control": "max-age=3600"},
        )

    async def _pieces(self, content: bytes) -> AsyncIterator[bytes]:
        cut, self.cut_download = self.cut_download, None
        for start in range(0, len(content), 64 * 1024):
            if cut is not None and start + 64 * 1024 > cut:
                yield content[start:cut]
                raise ConnectionResetError("cut on purpose")
            yield content[start : start + 64 * 1024]

    async def remove(self, request: Request) -> Response:
        bucket = request.path_params["bucket"]
        if bucket not in self.buckets:
            return no_bucket()
        found = [
            name for name in (await request.json())["prefixes"] if self.objects.pop((bucket, name), None) is not None
        ]
        return JSONResponse([{"name": name, "bucket_id": bucket, "owner": ""} for name in found])

    async def info(self, request: Request) -> Response:
        bucket, name = request.path_params["bucket"], request.path_params["name"]
        content = self.objects.get((bucket, name))
        if content is None:
            return no_object()
        return JSONResponse({"name": name, "bucket_id": bucket, "size": len(content), "metadata": {}})

    async def list(self, request: Request) -> Response:
        body = await request.json()
        bucket, folder = request.path_params["bucket"], f"{body['prefix'].rstrip('/')}/"
        names = sorted(
            name.removeprefix(folder)
            for where, name in self.objects
            if (where, folder) == (bucket, name[: len(folder)])
        )
        page = names[body["offset"] : body["offset"] + body["limit"]]
        return JSONResponse([{"name": name, "id": str(uuid4()), "metadata": {}} for name in page])

    async def move(self, request: Request) -> Response:
        body = await request.json()
        self.objects[body["bucketId"], body["destinationKey"]] = self.objects.pop((body["bucketId"], body["sourceKey"]))
        return JSONResponse({"message": "Successfully moved"})

    async def copy(self, request: Request) -> Response:
        body = await request.json()
        self.objects[body["bucketId"], body["destinationKey"]] = self.objects[body["bucketId"], body["sourceKey"]]
        return JSONResponse({"Key": f"{body['bucketId']}/{body['destinationKey']}"})

    async def sign(self, request: Request) -> Response:
        path = f"/object/sign/{request.path_params['bucket']}/{request.path_params['name']}"
        return JSONResponse({"signedURL": f"{path}?token=made-up"})

    # ---- Uploads that can be taken up again ------------------------------------------------------------------------

    async def begin(self, request: Request) -> Response:
        if request.headers.get("tus-resumable") != "1.0.0":
            return Response(status_code=412)
        pairs = (pair.split(" ") for pair in request.headers["upload-metadata"].split(","))
        metadata = {name: base64.b64decode(value).decode() for name, value in pairs}
        bucket, name = metadata["bucketName"], metadata["objectName"]
        if bucket not in self.buckets:
            return no_bucket()
        if (bucket, name) in self.objects and request.headers.get("x-upsert") != "true":
            return Response(status_code=409)
        upload_id = uuid4().hex
        self.uploads[upload_id] = Upload(bucket, name, int(request.headers["upload-length"]))
        # As behind a proxy: an address that does not lead here.
        return Response(
            status_code=201, headers={"location": f"http://inside.example/storage/v1/upload/resumable/{upload_id}"}
        )

    async def upload(self, request: Request) -> Response:
        upload = None if self.forget_uploads else self.uploads.get(request.path_params["upload"])
        if upload is None:
            return Response(status_code=404)
        if request.method == "DELETE":
            del self.uploads[request.path_params["upload"]]
            return Response(status_code=204)
        if request.method == "HEAD":
            return Response(headers={"upload-offset": str(len(upload.content)), "upload-length": str(upload.length)})
        return await self._piece(request, upload)

    async def _piece(self, request: Request, upload: Upload) -> Response:
        if int(request.headers["upload-offset"]) != len(upload.content):
            return Response(status_code=409)
        before = len(upload.content)
        cut, self.cut_after = self.cut_after, None
        try:
            async for data in request.stream():
                upload.content += data
                if cut is not None and len(upload.content) - before > cut:
                    del upload.content[before + cut :]
                    raise ConnectionResetError("cut on purpose")
        except ClientDisconnect:
            return Response(status_code=400)
        length = len(upload.content) - before
        self.pieces.append(length)
        if length != PIECE and len(upload.content) != upload.length:
            return Response(status_code=400)
        if len(upload.content) == upload.length:
            self.objects[upload.bucket, upload.name] = bytes(upload.content)
        if self.lose_answer:
            self.lose_answer = False
            raise ConnectionResetError("the answer is lost on purpose")
        return Response(status_code=204, headers={"upload-offset": str(len(upload.content))})


def _routes(storage: Storage) -> list[Route]:
    def route(path: str, handler: Any, *methods: str) -> Route:
        async def guarded(request: Request) -> Response:
            refusal = storage.refuse(request)
            answer: Response = refusal if refusal is not None else await handler(request)
            return answer

        return Route(path, guarded, methods=methods)

    return [
        route("/bucket", storage.buckets_, "GET", "POST"),
        route("/bucket/{bucket}", storage.bucket, "GET", "DELETE"),
        route("/bucket/{bucket}/empty", storage.empty, "POST"),
        route("/object/move", storage.move, "POST"),
        route("/object/copy", storage.copy, "POST"),
        route("/object/list/{bucket}", storage.list, "POST"),
        route("/object/sign/{bucket}/{name:path}", storage.sign, "POST"),
        route("/object/info/{bucket}/{name:path}", storage.info, "GET"),
        route("/object/authenticated/{bucket}/{name:path}", storage.object, "GET"),
        route("/object/{bucket}", storage.remove, "DELETE"),
        route("/object/{bucket}/{name:path}", storage.object, "GET", "POST"),
        route("/upload/resumable", storage.begin, "POST"),
        route("/upload/resumable/{upload}", storage.upload, "HEAD", "PATCH", "DELETE"),
    ]


@asynccontextmanager
async def running_storage() -> AsyncIterator[tuple[str, Storage]]:
    """Run one on a free port until the block ends; gives the project's address, and what it holds."""
    storage = Storage()
    app = Starlette(routes=[Mount("/storage/v1", routes=_routes(storage))])
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        config = uvicorn.Config(app, lifespan="off", log_config=None, access_log=False, timeout_graceful_shutdown=2)
        server = _Server(config)
        task = spawn(server.serve(sockets=[listener]), name="storage-stand-in")
        try:
            await eventually(lambda: server.started or task.done(), what="the storage starts")
            yield f"http://127.0.0.1:{listener.getsockname()[1]}", storage
        finally:
            server.should_exit = True
            await asyncio.wait([task], timeout=10)


def transcript() -> list[dict[str, Any]]:
    """Return what was recorded from the real server."""
    found: list[dict[str, Any]] = json.loads(Path(__file__).with_name("supabase-storage-transcript.json").read_text())
    return found
