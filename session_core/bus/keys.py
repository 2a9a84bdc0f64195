"""Every key and channel of the bus, so that no two things meet under one name."""

from __future__ import annotations

from uuid import UUID

RECONCILE_CHANNEL = "wh:reconcile"
"""Poked when a row changed that the hosts look at."""

LANES_DUE = "wh:lanes:due"
"""Sorted set: account id -> time (ms) at which its lane should be drained."""

LANES_POKE = "wh:lanes:poke"
"""List: one element each time a lane became due now, so that the ticker need not wait for its next round."""

LANES_SWEEP = "wh:lanes:sweep"
"""Set for one period by the process that looks for lost lanes in it."""

USAGE = "wh:usage"
"""Hash: host id -> what each of its browsers used at the last measurement, as JSON."""

HOSTS = "wh:hosts"
"""Hash: host id -> its latest heartbeat as JSON."""

PROCESSES = "wh:processes"
"""Hash: service, machine and id of a process -> what it told about itself, and until when that counts."""


def host_alive(host_id: str) -> str:
    """Set while a host is heard of; expires when it is not."""
    return f"wh:host-alive:{host_id}"


def user_channel(user_id: UUID | str) -> str:
    """Channel of everything that a user's pages and programs hear."""
    return f"wh:events:{user_id}"


def qr(account_id: UUID) -> str:
    """The code on screen now; expires with it."""
    return f"wh:qr:{account_id}"


def watched(account_id: UUID, chat_id: str) -> str:
    """Set while programs want to hear the presence in a chat."""
    return f"wh:watched:{account_id}:{chat_id}"


def number(chat_id: str) -> str:
    """What WhatsApp last said about a number; expires."""
    return f"wh:number:{chat_id}"


def health(account_id: UUID) -> str:
    """What the host found when it last looked at the account's page; expires soon."""
    return f"wh:health:{account_id}"


def resources(account_id: UUID) -> str:
    """List: what the account's browser used, one entry a minute, the newest first."""
    return f"wh:resources:{account_id}"


def lease(account_id: UUID) -> str:
    """Which host holds the account: ``host_id:epoch``."""
    return f"wh:lease:{account_id}"


def epoch(account_id: UUID) -> str:
    """Counter of fencing numbers."""
    return f"wh:epoch:{account_id}"


def host_commands(host_id: str) -> str:
    """Stream of commands for a host."""
    return f"wh:commands:{host_id}"


def reply(command_id: str) -> str:
    """List on which the answer to a command arrives."""
    return f"wh:reply:{command_id}"


def sign_in_failures(who: str) -> str:
    """Counter of failed sign-ins, by a hash of address and e-mail."""
    return f"wh:sign-in:{who}"


def tries_of_address(way: str, who: str) -> str:
    """Counter of the tries to get in from an address, by its hash."""
    return f"wh:tries:{way}:{who}"


def lane_queued(account_id: UUID) -> str:
    """Set while a drain of the account's lane waits in the queue."""
    return f"wh:lane:{{{account_id}}}:queued"


def lane_lease(account_id: UUID) -> str:
    """Which drain works on the account's lane now."""
    return f"wh:lane:{{{account_id}}}:lease"


def lane_again(account_id: UUID) -> str:
    """Set when the lane was woken while a drain was working on it."""
    return f"wh:lane:{{{account_id}}}:again"


def lane_hold(account_id: UUID) -> str:
    """What holds the account's lane back now (JSON), and which message."""
    return f"wh:lane:{{{account_id}}}:hold"


def rate_memory(user_id: UUID) -> str:
    """Set while the sent messages of a user are remembered: the time (ms) before which nothing may be sent."""
    return f"wh:rate:{{{user_id}}}:since"


def rate_of_account(user_id: UUID, account_id: UUID) -> str:
    """Sorted set of an account's sends. The user's hash tag keeps it on one node with the user's own set."""
    return f"wh:rate:{{{user_id}}}:account:{account_id}"


def rate_of_user(user_id: UUID) -> str:
    """Sorted set of the sends of all accounts of a user."""
    return f"wh:rate:{{{user_id}}}:user"


def rate_clock(key: str) -> str:
    """Hash beside a sorted set of sends: boot of a machine -> by how much the server's clock is ahead of its uptime."""
    return f"{key}:clock"


ALERTS_ROUND = "wh:alerts:round"
"""Held by the process that looks for problems now, and until the next round is due."""

HOSTS_MISSING = "wh:alerts:hosts-missing"
"""Hash: id of a host that holds accounts and is not heard of -> since when (ISO 8601)."""

ALERTS_TIDIED = "wh:alerts:tidied"
"""Set for a day after old alerts were deleted."""


def alert_mail_queued(alert_id: UUID) -> str:
    """Set while a job to send an alert's e-mail waits in the queue."""
    return f"wh:alerts:mail:{alert_id}:queued"


WEBHOOKS_TIDIED = "wh:webhooks:tidied"
"""Set for an hour after old events and deliveries were deleted."""
