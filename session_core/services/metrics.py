"""The state of the whole server as numbers, in the text format of Prometheus."""

from __future__ import annotations

from prometheus_client import CollectorRegistry, Gauge, generate_latest

from session_core.bus import condition, hosts, vitals
from session_core.bus.hosts import Heartbeat
from session_core.core import Core
from session_core.domain.health import HealthLevel
from session_core.domain.message import MessageStatus
from session_core.domain.status import SessionStatus
from session_core.store import accounts, waiting

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"


async def text(core: Core) -> bytes:
    """Return all metrics. For whoever operates the server: they name accounts of all users, by id only.

    Raises:
        OUTAGES: database or bus are away.
    """
    registry = CollectorRegistry(auto_describe=False)
    _hosts(registry, await hosts.alive(core.redis))
    await _sessions(registry, core)
    await _processes(registry, core)
    await _rows(registry, core)
    return generate_latest(registry)


def _hosts(registry: CollectorRegistry, alive: list[Heartbeat]) -> None:
    running = Gauge("whahook_host_sessions", "Sessions that a host runs", ["host"], registry=registry)
    room = Gauge("whahook_host_room", "Further sessions that a host has room for", ["host"], registry=registry)
    sandbox = Gauge("whahook_host_chromium_sandbox", "1: Chromium runs in its sandbox", ["host"], registry=registry)
    for beat in alive:
        running.labels(beat.host_id).set(beat.running)
        room.labels(beat.host_id).set(beat.room_for)
        sandbox.labels(beat.host_id).set(beat.chromium_sandbox)


async def _sessions(registry: CollectorRegistry, core: Core) -> None:
    labels = ["host", "account"]
    memory = Gauge("whahook_session_memory_bytes", "Memory of an account's browser (PSS)", labels, registry=registry)
    cpu = Gauge("whahook_session_cpu_percent", "CPU of an account's browser, of one core", labels, registry=registry)
    processes = Gauge("whahook_session_processes", "Processes of an account's browser", labels, registry=registry)
    accounts_of = await condition.usage(core.redis)
    for host in accounts_of:
        for account_id, sample in host.samples.items():
            memory.labels(host.host_id, account_id).set(sample.memory)
            cpu.labels(host.host_id, account_id).set(sample.cpu)
            processes.labels(host.host_id, account_id).set(sample.processes)
    health = Gauge("whahook_session_health", "1 for what was found last", ["account", "level"], registry=registry)
    known = [account_id for host in accounts_of for account_id in host.samples]
    for account_id, found in (await condition.healths(core.redis, known)).items():
        for level in HealthLevel:
            health.labels(account_id, level.value).set(found.level is level)


async def _processes(registry: CollectorRegistry, core: Core) -> None:
    labels = ["service", "machine", "pid"]
    tasks = Gauge("whahook_process_tasks", "asyncio tasks that are not done", labels, registry=registry)
    files = Gauge("whahook_process_open_files", "File descriptors", labels, registry=registry)
    threads = Gauge("whahook_process_threads", "Threads", labels, registry=registry)
    memory = Gauge("whahook_process_memory_bytes", "Memory (RSS), without browsers", labels, registry=registry)
    for one in await vitals.known(core.redis):
        which = (one.service, one.machine, one.pid)
        tasks.labels(*which).set(one.tasks)
        files.labels(*which).set(one.open_files)
        threads.labels(*which).set(one.threads)
        memory.labels(*which).set(one.memory)
    connections = Gauge("whahook_bus_connections", "Connections that Valkey has open", registry=registry)
    connections.set(await vitals.connections(core.redis))


async def _rows(registry: CollectorRegistry, core: Core) -> None:
    phases = Gauge("whahook_accounts", "Accounts by the phase of their session", ["phase"], registry=registry)
    waits = Gauge("whahook_messages_waiting", "Messages that wait to go out", registry=registry)
    unknown = Gauge("whahook_messages_unknown", "Messages that went out, or did not: nobody knows", registry=registry)
    async with core.db.read() as session:
        counted = await accounts.count_by_status(session)
        counts = await waiting.count_all(session)
    waits.set(counts[MessageStatus.QUEUED] + counts[MessageStatus.SENDING])
    unknown.set(counts[MessageStatus.UNKNOWN])
    for status in SessionStatus:
        phases.labels(status.value).set(counted.get(status, 0))
