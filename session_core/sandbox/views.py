"""Phones as JSON: what `GET /phone` and `GET /phone/{phone}` show."""

from __future__ import annotations

from session_core.sandbox.delivery import Delivery
from session_core.sandbox.ids import lid_of
from session_core.sandbox.model import Device, Message, Phone
from session_core.sandbox.world import World

Json = dict[str, object]

SHOWN_OF_MEDIA = {"mimetype", "filename", "size", "filehash", "seconds", "waveform", "is_gif"}
"""The rest are keys."""


def device_view(world: World, device: Device) -> Json:
    """Return a linked device; ``pending`` counts what it has not stored yet."""
    return {
        "device": device.device,
        "platform": device.platform,
        "browser": device.browser,
        "linkedAtMs": device.linked_at_ms,
        "lastSeenMs": device.last_seen_ms,
        "connected": device.key in world.connections,
        "offline": device.offline,
        "pending": len(world.queues.get(device.key, {})),
    }


def summary_view(world: World, phone: Phone) -> Json:
    """Return a phone in a list of phones."""
    return {
        "phone": phone.number,
        "name": phone.name,
        "lid": lid_of(phone.number),
        "limitedUntilMs": phone.reach_out_until_ms if phone.limited else None,
        "devices": [device_view(world, device) for device in world.devices_of(phone.number)],
    }


def message_view(message: Message) -> Json:
    """Return a message of a chat, as the phone shows it."""
    return {
        "id": message.id,
        "direction": message.direction,
        "text": message.text,
        "type": message.type,
        "media": message.media
        and {
            **message.media.model_dump(by_alias=True, include=SHOWN_OF_MEDIA),
            "url": f"/phone/{message.phone}/messages/{message.id}/media",
        },
        "quotedId": message.quoted_id,
        "sentAtMs": message.sent_at_ms,
        "receivedAtMs": message.received_at_ms,
        "ack": message.ack,
        "acks": message.acks,
        "author": message.author,
        "content": message.content,
        "reactions": message.reactions,
        "votes": message.votes,
        "edits": message.edits,
        "revoked": message.revoked,
    }


def received_view(message: Message) -> Json:
    """Return a message that a contact received from a linked device. ``times`` above 1: a client sent it twice."""
    return {
        **message_view(message),
        "from": message.phone,
        "to": message.contact,
        "device": message.device,
        "times": len(message.arrivals_ms),
        "arrivalsMs": message.arrivals_ms,
        "retransmits": message.retransmits,
    }


def phone_view(world: World, delivery: Delivery, phone: Phone) -> Json:
    """Return a phone with its chats (latest first) and with what its contacts received, in order of arrival."""
    messages = list(world.messages[phone.number].values())
    chats: list[Json] = []
    names = {key: contact.name for key, contact in phone.contacts.items()} | {
        key: group.subject for key, group in phone.groups.items()
    }
    for key, name in names.items():
        own = [message for message in messages if message.contact == key]
        chats.append(
            {
                "contact": key,
                "name": name,
                "id": delivery.chat_of(phone.number, key)["wid"],
                "seen": phone.watched.get(key),
                "members": phone.groups[key].members if key in phone.groups else None,
                "unread": sum(message.direction == "in" and message.ack < 3 for message in own),
                "lastMs": own[-1].received_at_ms if own else 0,
                "messages": [message_view(message) for message in own],
            }
        )
    chats.sort(key=lambda chat: str(chat["lastMs"]).zfill(16), reverse=True)
    return {
        **summary_view(world, phone),
        "chats": chats,
        "received": [received_view(message) for message in messages if message.direction == "out"],
    }
