"""Which hosts a person sees, and what becomes of the wish to move an account."""

from __future__ import annotations

from typing import Any
from uuid import UUID, uuid4

import pytest

from session_core.bus import hosts as bus
from session_core.clock import utcnow
from session_core.core import Core
from session_core.domain.status import Desired, SessionStatus
from session_core.errors import NotFound, PolicyError
from session_core.services import accounts, health, hosts
from tests.factories import add_account
from tests.integration.host.stage import listening
from tests.integration.services.conftest import Two

OPENS = ["vault/k1"]


async def beat(core: Core, host_id: str, **fields: Any) -> None:
    told: dict[str, Any] = {"running": 2, "room_for": 3, "opens": OPENS, "writes": "vault/k1", **fields}
    await bus.beat(core.redis, bus.Heartbeat(host_id=host_id, at=utcnow(), chromium_sandbox=True, **told))


async def running(core: Core, two: Two, **fields: Any) -> UUID:
    """Store an account of Ana's that is ready on host a."""
    return await add_account(
        core.db,
        two.ana,
        **{
            "status": SessionStatus.READY,
            "desired": Desired.CONNECTED,
            "phone_number": "34600111222",
            "host_id": "host-a",
            "last_host_id": "host-a",
            **fields,
        },
    )


async def test_a_person_sees_the_hosts_and_where_their_account_can_go(core: Core, two: Two) -> None:
    account_id = await running(core, two)
    await beat(core, "host-a", name="alfa")
    await beat(core, "host-b", name="bravo")
    await beat(core, "host-c", name="charlie", draining=True)
    await beat(core, "host-d", name="delta", opens=[])
    await beat(core, "host-e", room_for=0)
    listed = await hosts.list_hosts(core, two.ana, account_id)
    assert [(host.name, host.here, host.obstacle) for host in listed] == [
        ("host-e", False, "host_full"),
        ("alfa", True, None),
        ("bravo", False, None),
        ("charlie", False, "host_draining"),
        ("delta", False, "login_not_openable"),
    ]
    assert (listed[2].running, listed[2].room_for) == (2, 3)
    assert {host.obstacle for host in await hosts.list_hosts(core, two.eva)} == {None}
    with pytest.raises(NotFound):
        await hosts.list_hosts(core, two.eva, account_id)


async def test_a_move_is_a_wish_that_is_told_and_can_be_changed_or_taken_back(core: Core, two: Two) -> None:
    account_id = await running(core, two)
    for name in ("host-a", "host-b", "host-c"):
        await beat(core, name)
    async with listening(core, two.ana) as heard:
        first = await hosts.move(core, two.ana, account_id, "host-b")
        assert (first.host_id, first.wanted_host_id) == ("host-a", "host-b")
        again = await hosts.move(core, two.ana, account_id, "host-b")
        assert again.seq == first.seq
        changed = await hosts.move(core, two.ana, account_id, "host-c")
        back = await hosts.move(core, two.ana, account_id, "host-a")
        assert (changed.wanted_host_id, back.wanted_host_id) == ("host-c", None)
        assert (await hosts.move(core, two.ana, account_id, "host-a")).seq == back.seq > changed.seq > first.seq
        await heard.until(lambda: [told.wanted_host_id for told in heard.sessions()] == ["host-b", "host-c", None])
    lines = await accounts.history(core, two.ana, account_id)
    assert [line.kind for line in lines] == ["move_requested"] * 3


@pytest.mark.parametrize(
    ("target", "fields", "status", "code"),
    [
        ("host-x", {}, 422, "host_unknown"),
        ("host-b", {"draining": True}, 409, "host_draining"),
        ("host-b", {"room_for": 0}, 409, "host_full"),
        ("host-b", {"opens": []}, 409, "login_not_openable"),
    ],
)
async def test_a_move_that_cannot_be_is_refused(
    core: Core, two: Two, target: str, fields: dict[str, Any], status: int, code: str
) -> None:
    account_id = await running(core, two)
    await beat(core, "host-a")
    await beat(core, "host-b", **fields)
    with pytest.raises(PolicyError) as refused:
        await hosts.move(core, two.ana, account_id, target)
    assert (refused.value.status_code, refused.value.code) == (status, code)
    assert (await accounts.get(core, two.ana, account_id)).wanted_host_id is None


async def test_what_rests_is_not_moved_and_strangers_move_nothing(core: Core, two: Two) -> None:
    await beat(core, "host-b")
    stopped = await running(core, two, status=SessionStatus.STOPPED, desired=Desired.STOPPED)
    with pytest.raises(PolicyError) as refused:
        await hosts.move(core, two.ana, stopped, "host-b")
    assert refused.value.code == "not_connected"
    mine = await running(core, two)
    for account_id in (mine, uuid4()):
        with pytest.raises(NotFound):
            await hosts.move(core, two.eva, account_id, "host-b")
    assert (await accounts.get(core, two.ana, mine)).wanted_host_id is None


async def test_of_a_dead_host_an_account_goes_where_its_backup_can_be_opened(core: Core, two: Two) -> None:
    account_id = await running(core, two)
    await beat(core, "host-b")
    obstacles = {host.id: host.obstacle for host in await hosts.list_hosts(core, two.ana, account_id)}
    assert obstacles == {"host-b": "login_not_openable"}
    unlinked = await running(core, two, phone_number=None)
    assert [host.obstacle for host in await hosts.list_hosts(core, two.ana, unlinked)] == [None]


async def test_without_the_bus_nobody_knows(core_without_bus: Core, two: Two) -> None:
    with pytest.raises(health.OUTAGES):
        await hosts.list_hosts(core_without_bus, two.ana)
