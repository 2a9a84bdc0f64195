"""A whole installation of single processes that a test can hurt: hosts, a worker, Valkey, a sandbox, and the API.

Everything that gets hurt is a process of its own. The API and the sandbox run in the test's own loop unless the test
wants them ``apart``.
"""

from __future__ import annotations

import asyncio
import os
import subprocess
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx

from session_core.settings import Settings
from session_core.tasks import end, spawn
from tests.servers.api import running_api
from tests.servers.processes import start_service, stop
from tests.servers.sandbox import LIMITS, PhoneClient, RunningSandbox, SandboxProcess, running_sandbox
from tests.servers.services import PATIENCE, STOP_TIMEOUT, HostProcess, WebProcess
from tests.servers.valkey import ValkeyServer, running_valkey_server
from tests.waiting import eventually

Json = dict[str, Any]

FRIEND = "34611000001"

EVERY = timedelta(milliseconds=300)
"""Pause between two texts of the traffic."""


@dataclass
class Line:
    """An account and the phone that it is linked to.

    Attributes:
        sent: texts that the API has accepted, in order.
        written: texts that the friend has written, in order.
        heard: what the API said about the account, each time that it said something else, with the loop's time.
        hurt: whether something went wrong since it was connected.
    """

    site: Site
    id: str
    session_id: str
    phone: PhoneClient
    sent: list[str] = field(default_factory=list)
    written: list[str] = field(default_factory=list)
    heard: list[tuple[float, str]] = field(default_factory=list)
    hurt: bool = False

    @property
    def told(self) -> list[str]:
        """What the API said, in order."""
        return [said for _, said in self.heard]

    async def state(self) -> Json:
        """Return what the API says about the account."""
        state = await self.site.get(f"/accounts/{self.id}")
        self.hear_state(state)
        return state

    def hear_state(self, state: Json) -> None:
        """Remember what the API said: the public status, the phase where that says more, and the reason."""
        status, phase, reason = state["status"], state["phase"], state["reasonCode"]
        self.note("".join([status, f":{phase}" if phase != status else "", f"/{reason}" if reason else ""]))

    def note(self, said: str) -> None:
        """Remember what was said, unless it is what was said before."""
        if self.told[-1:] != [said]:
            self.heard.append((asyncio.get_running_loop().time(), said))

    async def until(self, phase: str, reason: str | None = None, timeout: timedelta = PATIENCE) -> Json:
        """Return what the API says once the account is in this phase."""

        async def there() -> Json | None:
            state = await self.state()
            return state if state["phase"] == phase and reason in {None, state["reasonCode"]} else None

        return await eventually(there, timeout, f"{phase} {reason or ''}; told {self.told}")

    async def until_on(self, host: HostProcess) -> None:
        """Return once it is ready on this host."""

        async def there() -> bool:
            state = await self.state()
            return bool(state["phase"] == "ready" and state["hostId"] == host.id)

        await eventually(there, PATIENCE, f"ready on {host.name}; told {self.told}")

    async def connect(self) -> None:
        """Want it connected."""
        await self.site.post(f"/accounts/{self.id}/connect")

    async def disconnect(self) -> None:
        """Want it stopped, and wait for that."""
        await self.site.post(f"/accounts/{self.id}/disconnect")
        await self.until("stopped")

    async def begin_anew(self) -> None:
        """Stop it and connect it again, so that nothing that went wrong before counts any more."""
        await self.disconnect()
        await self.connect()
        await self.until("ready")
        self.hurt = False

    async def scan(self) -> None:
        """Scan the code once there is one, and wait until the account is ready."""
        await self.until("qr")
        code = await eventually(self._code, PATIENCE, "a code")
        await self.phone.scan(code)
        await self.until("ready")

    async def _code(self) -> str | None:
        answer = await self.site.api.get(f"/accounts/{self.id}/qr", headers={"Accept": "application/json"})
        return str(answer.json()["qr"]) if answer.status_code == 200 else None

    async def send(self, text: str) -> None:
        """Have a text sent to the friend."""
        await self.site.post(f"/accounts/{self.id}/messages", to=f"+{FRIEND}", text=text)
        self.sent.append(text)

    async def hear(self, text: str) -> None:
        """Let the friend write a text."""
        await self.phone.write(FRIEND, text)
        self.written.append(text)

    async def arrived(self) -> list[tuple[str, int]]:
        """Return what the friend has, each text with how often it was sent."""
        return [(str(message["text"]), int(message["times"])) for message in await self.phone.received()]

    async def stored(self) -> list[str]:
        """Return the texts of the friend that the API has, in no particular order."""
        found: list[str] = []
        before = ""
        while True:
            page = await self.site.get_list(f"/accounts/{self.id}/messages?limit=100&direction=in{before}")
            found += [str(message["text"]) for message in page]
            if len(page) < 100:
                return found
            before = f"&before={page[-1]['id']}"

    async def missing(self) -> list[str]:
        """Return the texts that were sent or written and are not where they should be."""
        arrived, stored = {text for text, _ in await self.arrived()}, set(await self.stored())
        return [text for text in self.sent if text not in arrived] + [
            text for text in self.written if text not in stored
        ]

    async def done(self) -> bool:
        """Tell whether the API says of every message that it is out."""
        return all(status in {"sent", "server", "device", "read"} for _, status in await self.outgoing())

    async def outgoing(self) -> list[tuple[str, str]]:
        """Return the newest of what was accepted to be sent, each text with what the API says about it."""
        page = await self.site.get_list(f"/accounts/{self.id}/messages?limit=200&direction=out")
        return [(str(message["text"]), str(message["status"])) for message in page]

    async def ended(self) -> bool:
        """Tell whether nothing is on its way any more."""
        return not {"queued", "sending"} & {status for _, status in await self.outgoing()}

    async def forget_unknown(self) -> int:
        """Do not count as lost what the API itself says nobody knows about; returns how many texts that are."""
        unknown = [text for text, status in await self.outgoing() if status == "unknown"]
        arrived = {text for text, _ in await self.arrived()}
        self.sent[:] = [text for text in self.sent if text in arrived or text not in unknown]
        return len(unknown)

    async def forget_missing(self) -> None:
        """Expect no longer what is missing now."""
        missing = set(await self.missing())
        self.sent[:] = [text for text in self.sent if text not in missing]
        self.written[:] = [text for text in self.written if text not in missing]

    async def backed_up(self) -> None:
        """Make a backup, and wait until it is complete."""
        made = await self.site.post(f"/accounts/{self.id}/backups")

        async def complete() -> bool:
            backup = await self.site.get(f"/accounts/{self.id}/backups/{made['id']}")
            assert backup["status"] != "failed", backup
            return bool(backup["status"] == "complete")

        await eventually(complete, PATIENCE, "backed up")

    async def devices(self) -> int:
        """Return how many linked devices the phone shows."""
        return len((await self.phone.view())["devices"])

    async def settled(self, timeout: timedelta = PATIENCE) -> None:
        """Return once everything sent has arrived and everything written is stored."""

        async def all_there() -> bool:
            return not await self.missing()

        try:
            await eventually(all_there, timeout)
        except AssertionError:
            raise AssertionError(f"not within {timeout}: {await self.missing()} have not arrived") from None

    async def losses(self) -> tuple[int, int]:
        """Return how many messages are lost and how many came twice, both directions together."""
        arrived, stored = await self.arrived(), await self.stored()
        texts = [text for text, _ in arrived]
        lost = len(set(self.sent) - set(texts)) + len(set(self.written) - set(stored))
        twice = sum(times - 1 for _, times in arrived) + len(texts) - len(set(texts)) + len(stored) - len(set(stored))
        return lost, twice


class Site:
    """One person's installation. Everything is stopped when it is closed."""

    def __init__(self, folder: Path, env: Mapping[str, str], api: httpx.AsyncClient, rest: _Rest) -> None:
        self.folder = folder
        self.api = api
        self.sandbox = rest.sandbox
        self.valkey = rest.valkey
        self.web = rest.web
        self.hosts: list[HostProcess] = []
        self._env = env
        self._rest = rest

    @property
    def worker(self) -> subprocess.Popen[bytes]:
        """The worker service as it runs now."""
        return self._rest.worker

    def restart_worker(self) -> None:
        """SIGKILL the worker service, which takes its worker processes with it, and start another one."""
        self.worker.kill()
        self.worker.wait()
        self._rest.worker = _start_worker(self.folder, self._env)

    async def neighbour(self, name: str) -> Site:
        """Return the same installation as another person sees it."""
        api = await self._rest.stack.enter_async_context(_signed_up(str(self.api.base_url), name))
        site = Site(self.folder, self._env, api, self._rest)
        site.hosts = self.hosts
        return site

    def pids(self) -> list[int]:
        """Return the processes that were started for it and are meant to run."""
        known = [self.worker.pid, self.valkey.pid, *(host.pid for host in self.hosts if host.started)]
        return known + [one.pid for one in (self.web, self.sandbox) if isinstance(one, WebProcess | SandboxProcess)]

    async def host(self, name: str = "one", enter: Sequence[str] = (), **env: str) -> HostProcess:
        """Start another host."""
        host = HostProcess(name, self.folder / name, {**self._env, **env}, enter)
        self.hosts.append(host)
        await host.start()
        return host

    async def account(self, number: str, name: str) -> Line:
        """Make an account for a phone, and want it connected."""
        made = await self.post("/accounts", name=name, kind="sandbox")
        line = Line(self, str(made["id"]), str(made["sessionId"]), self.sandbox.phone(number, name))
        await line.connect()
        return line

    async def line(self, number: str = "34600112233", name: str = "Ana") -> Line:
        """Make an account, connect it and link it to a phone."""
        line = await self.account(number, name)
        await line.scan()
        line.heard.clear()
        return line

    async def get(self, path: str) -> Json:
        """GET one thing."""
        answer = await self.api.get(path)
        assert answer.status_code == 200, answer.text
        found: Json = answer.json()
        return found

    async def get_list(self, path: str) -> list[Json]:
        """GET several."""
        answer = await self.api.get(path)
        assert answer.status_code == 200, answer.text
        found: list[Json] = answer.json()
        return found

    async def post(self, path: str, **body: Any) -> Json:
        """POST, tried again while the service says that it cannot now."""

        async def accepted() -> httpx.Response | None:
            answer = await self.api.post(path, json=body, headers={"Idempotency-Key": key})
            return None if answer.status_code == 503 else answer

        key = os.urandom(8).hex()
        answer = await eventually(accepted, PATIENCE, f"POST {path}")
        assert answer.is_success, answer.text
        made: Json = answer.json()
        return made


@dataclass
class _Rest:
    sandbox: RunningSandbox
    valkey: ValkeyServer
    worker: subprocess.Popen[bytes]
    stack: AsyncExitStack
    web: WebProcess | None


def _start_worker(folder: Path, env: Mapping[str, str]) -> subprocess.Popen[bytes]:
    return start_service("worker", env={**env, "WHAHOOK_DATA_DIR": str(folder / "w")}, log=folder / "worker.log")


@asynccontextmanager
async def _signed_up(url: str, name: str) -> AsyncIterator[httpx.AsyncClient]:
    person = {"email": f"{name.lower()}@example.org", "password": "correct horse battery", "name": name}
    async with httpx.AsyncClient(base_url=url, timeout=30, limits=LIMITS) as api:
        assert (await api.post("/auth/sign-up", json=person)).status_code == 201
        yield api


@asynccontextmanager
async def running_site(folder: Path, database_url: str, *, apart: bool = False, **env: str) -> AsyncIterator[Site]:
    """Run everything but the hosts in an existing folder.

    Args:
        folder: for all data and logs.
        database_url: of a database with all tables.
        apart: web and sandbox are processes of their own too; the pages have to be built.
        env: settings for all processes.
    """
    async with AsyncExitStack() as stack:
        valkey = stack.enter_context(running_valkey_server(folder / "valkey", **env))
        kind = SandboxProcess if apart else RunningSandbox
        sandbox = await stack.enter_async_context(running_sandbox(folder / "sandbox", kind))
        await sandbox.config(ackDeviceMs=50, ackReadMs=100, syncMs=100, resumeMs=100)
        env = {
            "DATABASE_URL": database_url,
            "REDIS_URL": valkey.url,
            "WHAHOOK_SANDBOX_PORT": str(sandbox.http_port),
            "WHAHOOK_MESSAGES_PER_ACCOUNT": "100000",
            "WHAHOOK_MESSAGES_PER_USER": "100000",
            "WHAHOOK_WORKERS": "1",
            **env,
        }
        web = WebProcess(folder / "web", env) if apart else None
        if web is not None:
            stack.push_async_callback(web.stop)
            await web.start()
        url = web.url if web else await stack.enter_async_context(_api_of(folder / "web", env, sandbox))
        rest = _Rest(sandbox, valkey, _start_worker(folder, env), stack, web)
        stack.push_async_callback(lambda: asyncio.to_thread(stop, rest.worker, STOP_TIMEOUT))
        api = await stack.enter_async_context(_signed_up(f"{url}/api/v1", "Ana"))
        site = Site(folder, env, api, rest)
        try:
            yield site
        finally:
            await asyncio.gather(*(host.stop() for host in site.hosts))


@asynccontextmanager
async def _api_of(data: Path, env: Mapping[str, str], sandbox: RunningSandbox) -> AsyncIterator[str]:
    settings = Settings(
        data_dir=data,
        database_url_setting=env["DATABASE_URL"],
        redis_url_setting=env["REDIS_URL"],
        sandbox_port=sandbox.http_port,
    )
    async with running_api(settings) as served:
        yield served.url


@asynccontextmanager
async def traffic(line: Line, every: timedelta = EVERY) -> AsyncIterator[None]:
    """Let texts go both ways all the time, while the block lasts."""
    start = len(line.sent) + len(line.written)

    async def run() -> None:
        number = start
        while True:
            number += 1
            await line.send(f"out {number}")
            await line.hear(f"in {number}")
            await asyncio.sleep(every.total_seconds())

    task = spawn(run(), name="traffic")
    try:
        yield
    finally:
        if task.done():
            task.result()
        await end(task)
