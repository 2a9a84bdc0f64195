"""The server's own memory of messages, without a page: queues, acks, duplicates, and what a restart keeps."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from session_core.sandbox.config import SandboxConfig
from session_core.sandbox.delivery import HISTORY, Delivery
from session_core.sandbox.errors import SandboxError
from session_core.sandbox.ids import lid_of
from session_core.sandbox.model import Device, Message
from session_core.sandbox.world import World, now_ms
from tests.integration.sandbox.waiting import eventually

ANA, BETO = "34600112233", "34611000001"

Frame = dict[str, Any]


class RecordingConnection:
    """A device's socket that keeps what it was told."""

    def __init__(self) -> None:
        self.frames: list[Frame] = []

    def push(self, frame: Frame) -> None:
        self.frames.append(frame)

    def end(self, frame: Frame) -> None:
        self.frames.append(frame)

    def kinds(self) -> list[Any]:
        return [frame.get("kind", frame["t"]) for frame in self.frames]


def new_world(tmp_path: Path) -> World:
    world = World(tmp_path)
    world.configure(SandboxConfig(ack_server_ms=3_600_000, ack_read_ms=None))  # acks are moved by hand here
    return world


def link(world: World, number: int = 1) -> tuple[Device, RecordingConnection]:
    world.ensure_phone(ANA, "Ana")
    device = Device(
        phone=ANA,
        device=number,
        noise_pub="n",
        identity_pub="i",
        platform="Linux",
        browser="Chromium",
        linked_at_ms=1,
        last_seen_ms=1,
    )
    world.add_device(device)
    connection = RecordingConnection()
    world.connections[device.key] = connection
    return device, connection


def frame(message_id: str = "3EB0A", **more: Any) -> Frame:
    return {"t": "send", "id": message_id, "to": f"{BETO}@c.us", "text": "hola", "type": "chat", "sentAtMs": 1, **more}


async def test_an_item_stays_until_the_device_has_stored_it(tmp_path: Path) -> None:
    world = new_world(tmp_path)
    delivery = Delivery(world)
    device, connection = link(world)
    delivery.incoming(ANA, BETO, "uno")
    delivery.incoming(ANA, BETO, "dos")
    assert [one["data"]["text"] for one in connection.frames] == ["uno", "dos"]
    delivery.got(device, connection.frames[0]["seq"])
    delivery.got(device, 999)
    world.close_connections()
    world.close()

    world = World(tmp_path)
    _, connection = world.devices[device.key], RecordingConnection()
    world.connections[device.key] = connection
    assert Delivery(world).flush(world.devices[device.key]) == 1
    assert [one["data"]["text"] for one in connection.frames] == ["dos"]
    world.close()


async def test_acks_only_go_up_and_reach_every_device(tmp_path: Path) -> None:
    world = new_world(tmp_path)
    delivery = Delivery(world)
    first, one = link(world)
    _, two = link(world, 2)
    delivery.send(first, frame())
    assert two.frames[0]["data"]["fromMe"] is True
    message = world.messages[ANA]["3EB0A"]
    delivery.acknowledge(message, 2)
    delivery.acknowledge(message, 1)
    assert (message.ack, set(message.acks)) == (2, {"server", "device"})
    assert one.frames[-1]["data"] == two.frames[-1]["data"] == {"id": "3EB0A", "ack": 2}
    assert delivery.read(ANA, BETO) == 1
    assert delivery.read(ANA, BETO) == 0
    world.close()


async def test_the_same_id_again(tmp_path: Path) -> None:
    world = new_world(tmp_path)
    delivery = Delivery(world)
    device, connection = link(world)
    delivery.send(device, frame())
    delivery.acknowledge(world.messages[ANA]["3EB0A"], 1)
    delivery.send(device, frame())
    delivery.send(device, frame(retransmit=True))
    message = world.messages[ANA]["3EB0A"]
    assert (len(message.arrivals_ms), message.retransmits) == (2, 1)
    assert connection.kinds() == ["ack", "ack", "ack"]
    assert [one for one in connection.frames if one["t"] == "ack"] == [{"t": "ack", "id": "3EB0A", "ack": 1}] * 2
    world.close()


@pytest.mark.parametrize(
    "changes",
    [
        {"to": "nobody"},
        {"to": "999999999999999@lid"},
        {"to": "1@g.us"},
        {"text": None},
        {"text": "x" * 65_537},
        {"id": "with space"},
    ],
)
async def test_what_cannot_be_sent_is_refused_and_reaches_nobody(tmp_path: Path, changes: Frame) -> None:
    world = new_world(tmp_path)
    device, connection = link(world)
    Delivery(world).send(device, frame(**changes))
    assert connection.frames == [{"t": "nack", "id": changes.get("id", "3EB0A"), "reason": "ERROR_UNKNOWN"}]
    assert world.messages[ANA] == {}
    world.close()


async def test_planned_failures_are_used_up(tmp_path: Path) -> None:
    world = new_world(tmp_path)
    delivery = Delivery(world)
    device, connection = link(world)
    world.configure(
        SandboxConfig.model_validate({"failSends": {"mode": "next", "count": 2, "reason": "ERROR_EXPIRED"}})
    )
    for number in range(3):
        delivery.send(device, frame(f"3EB0{number}"))
    assert [one["reason"] for one in connection.frames] == ["ERROR_EXPIRED"] * 2
    assert list(world.messages[ANA]) == ["3EB02"]
    world.close_connections()
    world.close()


async def test_chats_live_under_the_hidden_id_when_told(tmp_path: Path) -> None:
    world = new_world(tmp_path)
    delivery = Delivery(world)
    device, connection = link(world)
    world.configure(world.config.model_copy(update={"lid": True}))
    delivery.incoming(ANA, BETO, "hola")
    assert connection.frames[0]["data"]["chat"] == {
        "wid": f"{lid_of(BETO)}@lid",
        "pn": f"{BETO}@c.us",
        "lid": f"{lid_of(BETO)}@lid",
    }
    delivery.send(device, frame(to=f"{lid_of(BETO)}@lid"))
    assert world.messages[ANA]["3EB0A"].contact == BETO
    world.close()


async def test_history_is_the_end_of_the_conversation(tmp_path: Path) -> None:
    world = new_world(tmp_path)
    delivery = Delivery(world)
    world.ensure_phone(ANA, "Ana")
    for number in range(HISTORY + 5):
        delivery.incoming(ANA, BETO, str(number))
    assert [one["text"] for one in delivery.history(ANA)] == [str(number) for number in range(5, HISTORY + 5)]
    world.close()


async def test_unlinking_forgets_what_was_waiting(tmp_path: Path) -> None:
    world = new_world(tmp_path)
    device, _ = link(world)
    Delivery(world).incoming(ANA, BETO, "hola")
    world.remove_device(device)
    world.close()
    world = World(tmp_path)
    assert (world.devices, world.queues) == ({}, {})
    assert len(world.messages[ANA]) == 1
    with pytest.raises(SandboxError, match="no linked device"):
        world.chosen_devices(ANA, None)
    world.close()


async def test_acks_go_on_after_a_restart(tmp_path: Path) -> None:
    world = new_world(tmp_path)
    world.configure(SandboxConfig(ack_server_ms=0, ack_device_ms=0, ack_read_ms=0))
    device, connection = link(world)
    world.save_message(
        Message(
            id="3EB0A",
            phone=ANA,
            contact=BETO,
            direction="out",
            text="hola",
            sent_at_ms=now_ms(),
            received_at_ms=now_ms(),
        )
    )
    Delivery(world).resume()

    async def ack() -> int:
        return world.messages[ANA]["3EB0A"].ack

    await eventually(ack, lambda found: found == 3)
    assert [one["data"]["ack"] for one in connection.frames] == [1, 2, 3]
    assert device.next_seq == 4
    world.close()
