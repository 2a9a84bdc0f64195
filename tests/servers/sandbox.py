"""A real sandbox for tests: on free ports, with its own data, and phones that one can call.

```python
async with running_sandbox() as sandbox:
    await sandbox.config(ackReadMs=None)
    phone = sandbox.phone("34600112233", "Ana")
    await phone.scan(qr_text)
    await phone.write("34611000001", "hola")
```
"""

from __future__ import annotations

import asyncio
import contextlib
import subprocess
import tempfile
from collections.abc import AsyncIterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import httpx

from session_core.sandbox.server import Sandbox, sandbox
from tests.servers.processes import free_ports, start_service, stop
from tests.waiting import eventually

LIMITS = httpx.Limits(keepalive_expiry=2)
"""Servers close a connection that did nothing for 5 s. A client that keeps it for as long writes into one that is just
being closed, and cannot tell whether that was heard."""

START_TIMEOUT = timedelta(seconds=60)

Json = dict[str, Any]


class PhoneClient:
    """One simulated phone, by its API. Every call raises `httpx.HTTPStatusError` when the API refuses it."""

    def __init__(self, running: RunningSandbox, number: str, name: str | None) -> None:
        self._running = running
        self.number = number
        self.name = name

    async def _post(self, path: str, **body: Any) -> Json:
        return await self._running.post(f"/phone/{path}", {"phone": self.number, **body})

    async def scan(self, qr: str) -> Json:
        """Scan a QR's text; return the linked device."""
        return await self._post("scan", qr=qr, name=self.name)

    async def pair(self, code: str) -> Json:
        """Enter a pairing code; return the linked device."""
        return await self._post("pair", code=code, name=self.name)

    async def write(self, sender: str, text: str, **more: Any) -> Json:
        """Let the contact ``sender`` write to this phone; ``more``: ``name``, ``quotedId``, ``type``."""
        return await self._post("messages", **{"from": sender, "text": text, **more})

    async def send_file(self, sender: str, content: bytes, mime: str, **more: Any) -> Json:
        """Let ``sender`` send a file; ``more``: ``type``, ``filename``, ``caption``, ``name``, ``seconds``."""
        answer = await self._running.client.post(
            f"/phone/{self.number}/media",
            params={"from": sender, **more},
            content=content,
            headers={"Content-Type": mime},
        )
        return self._running.checked(answer)

    async def file(self, message_id: str) -> bytes:
        """Return the file of a message as a phone opens it: downloaded, decrypted, its hashes checked."""
        answer = await self._running.client.get(f"/phone/{self.number}/messages/{message_id}/media")
        if answer.is_error:
            raise httpx.HTTPStatusError(answer.text, request=answer.request, response=answer)
        return answer.content

    async def unlink(self, device: int | None = None) -> Json:
        """Remove one linked device, or all."""
        return await self._post("unlink", device=device)

    async def offline(self, device: int | None = None) -> Json:
        """Take the linked device's network away."""
        return await self._post("offline", device=device)

    async def online(self, device: int | None = None) -> Json:
        """Give the network back."""
        return await self._post("online", device=device)

    async def conflict(self, device: int | None = None) -> Json:
        """Open the account in another window."""
        return await self._post("conflict", device=device)

    async def read(self, chat: str) -> Json:
        """Let the contact ``chat`` read what it was sent."""
        return await self._post("read", chat=chat)

    async def react(self, sender: str, message_id: str, emoji: str) -> Json:
        """Let a contact react to a message; an empty emoji takes it back."""
        return await self._post("reaction", id=message_id, emoji=emoji, **{"from": sender})

    async def vote(self, sender: str, message_id: str, *options: str) -> Json:
        """Let a contact vote in a poll."""
        return await self._post("vote", id=message_id, options=options, **{"from": sender})

    async def edit(self, message_id: str, text: str) -> Json:
        """Let the contact who wrote it give a message another text."""
        return await self._post("edit", id=message_id, text=text)

    async def revoke(self, message_id: str) -> Json:
        """Let the contact who wrote it delete a message for everyone."""
        return await self._post("revoke", id=message_id)

    async def presence(self, sender: str, state: str, group: str | None = None) -> Json:
        """Show what a contact does."""
        return await self._post("presence", state=state, group=group, **{"from": sender})

    async def call(self, sender: str, *, video: bool = False) -> Json:
        """Let a contact call."""
        return await self._post("call", video=video, **{"from": sender})

    async def limit(self, until: datetime | None, *, told: bool = True) -> Json:
        """Let the account begin no conversations until then (None: it may); ``told``: its pages know beforehand."""
        return await self._post("limit", untilMs=until and int(until.timestamp() * 1000), told=told)

    async def group(self, subject: str, *members: str) -> str:
        """Put the account into a new group; return its id."""
        made: str = (await self._post("groups", subject=subject, members=members))["id"]
        return made

    async def view(self) -> Json:
        """Return devices, chats, and what the contacts received."""
        return await self._running.get(f"/phone/{self.number}")

    async def received(self) -> list[Json]:
        """Return what the contacts received from the linked devices, in order; ``times`` above 1 is a duplicate."""
        found: list[Json] = (await self._running.get(f"/phone/{self.number}/received"))["received"]
        return found


class RunningSandbox:
    """A sandbox that listens now. `restart` keeps ports and data."""

    def __init__(self, data_dir: Path) -> None:
        self.data_dir = data_dir
        self.http_port = 0
        self.https_port = 0
        self.url = ""
        self.client = httpx.AsyncClient(timeout=20, limits=LIMITS)
        self.server: Sandbox | None = None
        self._stack = contextlib.AsyncExitStack()

    async def start(self) -> None:
        """Listen: on free ports the first time, on the same ones later."""
        self.server = await self._stack.enter_async_context(
            sandbox("127.0.0.1", self.http_port, self.https_port, self.data_dir)
        )
        self.http_port, self.https_port = self.server.http_port, self.server.https_port
        self.url = f"http://127.0.0.1:{self.http_port}/"
        self.client.base_url = httpx.URL(self.url)

    async def stop(self) -> None:
        """Stop listening; the data stays."""
        await self._stack.aclose()
        self.server = None

    async def restart(self) -> None:
        """Stop and start again."""
        await self.stop()
        await self.start()

    def phone(self, number: str, name: str | None = None) -> PhoneClient:
        """Return a phone to call; it exists on the server once it has scanned or paired."""
        return PhoneClient(self, number, name)

    def page_url(self, generation: str | None = None) -> str:
        """Return the address of the WhatsApp Web page, optionally of one generation."""
        return self.url + (f"?generation={generation}" if generation else "")

    @property
    def chromium_args(self) -> list[str]:
        """Flags that make Chromium take ``https://web.whatsapp.com`` for this sandbox."""
        return [
            f"--host-resolver-rules=MAP web.whatsapp.com:443 127.0.0.1:{self.https_port}",
            "--ignore-certificate-errors",
        ]

    async def config(self, **changes: Any) -> Json:
        """Set faults and latencies, by the names of `POST /phone/config`."""
        return await self.post("/phone/config", changes)

    async def get(self, path: str) -> Json:
        """GET JSON."""
        return self.checked(await self.client.get(path))

    async def post(self, path: str, body: Json) -> Json:
        """POST JSON."""
        return self.checked(await self.client.post(path, json=body))

    @staticmethod
    def checked(response: httpx.Response) -> Json:
        """Return the JSON of an answer; raises `httpx.HTTPStatusError` for a refusal."""
        if response.is_error:
            raise httpx.HTTPStatusError(response.text, request=response.request, response=response)
        body: Json = response.json()
        return body


class SandboxProcess(RunningSandbox):
    """``python -m session_core sandbox``: the same in a process of its own."""

    def __init__(self, data_dir: Path) -> None:
        super().__init__(data_dir)
        self.log = data_dir.with_name(data_dir.name + ".log")
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def pid(self) -> int:
        """Process id while it runs."""
        assert self._process is not None
        return self._process.pid

    async def start(self) -> None:
        """Listen: on free ports the first time, on the same ones later."""
        if not self.http_port:
            self.http_port, self.https_port = free_ports(2)
        env = {
            "WHAHOOK_DATA_DIR": str(self.data_dir),
            "WHAHOOK_SANDBOX_PORT": str(self.http_port),
            "WHAHOOK_SANDBOX_HTTPS_PORT": str(self.https_port),
        }
        process = self._process = start_service("sandbox", env=env, log=self.log)
        self.url = f"http://127.0.0.1:{self.http_port}/"
        self.client.base_url = httpx.URL(self.url)

        async def answers() -> bool:
            assert process.poll() is None, self.log.read_text()[-4000:]
            with contextlib.suppress(httpx.TransportError):
                return (await self.client.get("/healthz")).is_success
            return False

        await eventually(answers, START_TIMEOUT, "the sandbox answers")

    async def stop(self) -> None:
        """Stop listening; the data stays."""
        process, self._process = self._process, None
        if process is not None:
            await asyncio.to_thread(stop, process)


@contextlib.asynccontextmanager
async def running_sandbox(
    data_dir: Path | None = None, kind: type[RunningSandbox] = RunningSandbox
) -> AsyncIterator[RunningSandbox]:
    """Run a sandbox inside the block.

    Args:
        data_dir: where it keeps its data; a temporary folder when missing.
        kind: `SandboxProcess` for one outside this process.
    """
    with contextlib.ExitStack() as stack:
        folder = data_dir or Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="sandbox-")))
        running = kind(folder)
        await running.start()
        try:
            yield running
        finally:
            await running.client.aclose()
            await running.stop()


@contextlib.asynccontextmanager
async def phones_of(url: str) -> AsyncIterator[RunningSandbox]:
    """Talk to the phones of a sandbox that somebody else runs at ``url``."""
    running = RunningSandbox(Path())
    running.url = url
    running.client.base_url = httpx.URL(url)
    async with running.client:
        yield running
