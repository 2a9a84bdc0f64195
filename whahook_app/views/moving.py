"""The dialog that moves an account to another host: the hosts to choose from, then how far it has come."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from dataclasses import replace

from session_core.domain.events import SessionSnapshot
from session_core.domain.status import ReasonCode, SessionStatus
from session_core.services.hosts import HostView
from whahook_app.i18n import Language, counted, next_step, reason, status_word, text, text_or

SHORT_ID = 6
"""Letters of an id that tell two hosts of the same name apart."""


@dataclasses.dataclass
class HostRow:
    """A host to choose. ``about`` says how full it is, or why the account cannot go there."""

    id: str = ""
    name: str = ""
    about: str = ""
    can: bool = False


@dataclasses.dataclass
class Moving:
    """What the dialog shows. ``step``: choose, moving, done, problem; empty: it is closed."""

    step: str = ""
    account_id: str = ""
    title: str = ""
    hosts: list[HostRow] = dataclasses.field(default_factory=list)
    possible: bool = False
    source: str = ""
    target_id: str = ""
    target: str = ""
    way: str = ""
    line: str = ""
    problem: str = ""
    next_step: str = ""
    error: str = ""


def choosing(account: SessionSnapshot, hosts: Sequence[HostView], language: Language) -> Moving:
    """Make the list of hosts."""
    names = [host.name for host in hosts]
    shown = {
        host.id: host.name if names.count(host.name) == 1 else f"{host.name} ({host.id[-SHORT_ID:]})" for host in hosts
    }
    rows = [HostRow(host.id, shown[host.id], _about(host, language), _can(host)) for host in hosts]
    return Moving(
        step="choose",
        account_id=str(account.account_id),
        title=text(language, "move.title", name=account.name),
        hosts=rows,
        possible=any(row.can for row in rows),
        source=next((shown[host.id] for host in hosts if host.here), "–"),
    )


def begun(dialog: Moving, host_id: str, language: Language) -> Moving:
    """Go on to show how far it has come, once the move was accepted."""
    target = next((row.name for row in dialog.hosts if row.id == host_id), host_id)
    return replace(
        dialog,
        step="moving",
        error="",
        target_id=host_id,
        target=target,
        way=text(language, "move.way", source=dialog.source, target=target),
        line=text(language, "move.leaving"),
    )


def progress(dialog: Moving, account: SessionSnapshot, language: Language) -> Moving:
    """Say how far a move has come.

    Args:
        dialog: as it is shown.
        account: its state since the move was accepted.
        language: of the texts.
    """
    status, there = account.status, account.host_id == dialog.target_id
    if there and status in {SessionStatus.READY, SessionStatus.QR}:
        return replace(dialog, step="done", line=text(language, "move.done", target=dialog.target))
    if status.settled:
        why, then = reason(language, account.reason_code), next_step(language, account.reason_code)
        return replace(dialog, step="problem", problem=why or status_word(language, status), next_step=then)
    if account.wanted_host_id not in {None, dialog.target_id}:
        return replace(dialog, step="problem", problem=text(language, "move.elsewhere"), next_step="")
    if account.wanted_host_id is None and not there and account.host_id is not None:
        stayed, then = text(language, "move.stayed"), text(language, "move.stayed.next")
        return replace(dialog, step="problem", problem=stayed, next_step=then)
    return replace(dialog, line=_line(account, there, language))


def _line(account: SessionSnapshot, there: bool, language: Language) -> str:
    if not there:
        return text(language, "move.leaving")
    if account.status is SessionStatus.QUEUED and account.reason_code is ReasonCode.WAITING_FOR_ROOM:
        return reason(language, account.reason_code)
    return text(language, "move.arriving", word=status_word(language, account.status))


def _can(host: HostView) -> bool:
    return not host.here and host.obstacle is None


def _about(host: HostView, language: Language) -> str:
    if host.obstacle is not None:
        return text_or(language, f"move.obstacle.{host.obstacle}", "move.none")
    full = counted(language, "move.running", host.running)
    if host.here:
        return f"{text(language, 'move.here')} · {full}"
    return f"{full} · {counted(language, 'move.room', host.room_for)}"
