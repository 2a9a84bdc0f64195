"""What the page's state means. Pure: a snapshot and the phase before it decide the phase after it."""

from __future__ import annotations

from enum import StrEnum
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field


class Limit(BaseModel):
    """Whether WhatsApp lets the account begin conversations; ``until`` in ms since 1970, when the page says it."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    limited: bool
    until: float | None = None


class Snapshot(BaseModel):
    """WhatsApp Web's own view of itself at one moment, as ``bridge.js`` reads it.

    ``mode`` and ``info`` are those of its Stream model, ``state`` and ``synced`` those of its Socket model.
    ``authenticated`` is None while wa-js is not there to ask; ``registered`` means that the page knows whose it is.
    """

    model_config = ConfigDict(frozen=True, extra="ignore")

    n: int = Field(description="grows with every snapshot of one document")
    injected: bool = Field(default=False, description="wa-js found WhatsApp's modules and can be used")
    listening: bool = Field(default=False, description="messages and acks are listened for")
    mode: str | None = None
    info: str | None = None
    state: str | None = None
    synced: bool = False
    authenticated: bool | None = None
    registered: bool = False
    ref: str | None = Field(default=None, repr=False)
    code: str | None = Field(default=None, repr=False)
    phone: str | None = None
    lid: str | None = None
    name: str | None = None
    unsupported: bool = False
    gate: Literal["passkey", "banned", "limited"] | None = Field(default=None, description="what WhatsApp asks first")
    limit: Limit | None = Field(default=None, description="None: this build cannot say")
    delivered: int = Field(default=0, description="how often WhatsApp said that all that had waited was delivered")
    traffic: int | None = Field(default=None, description="when something last came from WhatsApp, ms since 1970")

    @property
    def alive(self) -> bool:
        """True when the page shows that it is WhatsApp Web: its models are there, or wa-js found them."""
        return self.injected or self.mode is not None or self.state is not None

    @property
    def usable(self) -> bool:
        """Logged in, synced, connected and listened to. ``conn.main_ready`` would be true on the QR screen too.

        wa-js may need another moment before it can send; a send waits for it.
        """
        logged_in = self.authenticated is not False and self.mode == "MAIN" and self.synced
        return logged_in and self.info == "NORMAL" and self.listening

    @property
    def unpaired(self) -> bool:
        """True when the page shows that it has no login, though it may still know whose it was.

        While a scanned code becomes a login the socket is unpaired as well; the mode tells the two apart.
        """
        denied = self.authenticated is False or (self.authenticated is None and not self.registered)
        return denied and (self.mode == "QR" or (self.state in _UNPAIRED and self.mode != "SYNCING"))


class Phase(StrEnum):
    """Where a loaded page is."""

    LOADING = "loading"
    QR = "qr"
    IDLE = "idle"
    LINKING = "linking"
    SYNCING = "syncing"
    READY = "ready"
    OFFLINE = "offline"
    CONFLICT = "conflict"
    BLOCKED = "blocked"
    GATED = "gated"
    UNSUPPORTED = "unsupported"

    @property
    def has_login(self) -> bool:
        """True while the page knows a login."""
        return self in {Phase.LINKING, Phase.SYNCING, Phase.READY, Phase.OFFLINE, Phase.CONFLICT}

    @property
    def wanted(self) -> bool:
        """True for a phase that may last: no deadline runs."""
        return self not in {Phase.LOADING, Phase.LINKING, Phase.SYNCING}


_UNPAIRED = frozenset({"UNPAIRED", "UNPAIRED_IDLE"})
_HAD_LOGIN = frozenset({Phase.READY, Phase.OFFLINE, Phase.CONFLICT})
_CODES = frozenset({Phase.QR, Phase.IDLE})
_BLOCKS = frozenset({"PROXYBLOCK", "DEPRECATED_VERSION"})
_TERMS = frozenset({"TOS_BLOCK", "SMB_TOS_BLOCK"})


def decide(snapshot: Snapshot, previous: Phase) -> Phase:
    """Return the phase that a snapshot shows, given the phase before it on the same document."""
    said = {snapshot.mode, snapshot.state}
    if snapshot.unsupported:
        return Phase.UNSUPPORTED
    if said & _BLOCKS:
        return Phase.BLOCKED
    if said & _TERMS or snapshot.gate is not None:
        return Phase.GATED
    if "CONFLICT" in said:
        return Phase.CONFLICT
    if snapshot.unpaired and (snapshot.code or previous in _HAD_LOGIN | _CODES):
        return _without_login(snapshot, previous)
    if snapshot.registered or snapshot.authenticated:
        return _with_login(snapshot, previous)
    if snapshot.state == "UNPAIRED_IDLE":
        return Phase.IDLE
    # Between two codes, and while a logout clears the page, nothing is shown: what was true before still is.
    return Phase.QR if snapshot.code else previous


def _without_login(snapshot: Snapshot, previous: Phase) -> Phase:
    if snapshot.state == "UNPAIRED_IDLE":
        return Phase.IDLE
    # Nothing new to scan after the codes ran out; and a login that ended is told before there is a code.
    return Phase.IDLE if previous is Phase.IDLE and not snapshot.code else Phase.QR


def _with_login(snapshot: Snapshot, previous: Phase) -> Phase:
    if snapshot.usable:
        return Phase.READY
    if previous in _HAD_LOGIN:
        return Phase.SYNCING if snapshot.mode == "SYNCING" else Phase.OFFLINE
    # A page that starts says that it is offline before it connects, so that word means nothing yet; and after a scan
    # it connects twice, which is still one and the same way forward.
    begun = previous is Phase.SYNCING or snapshot.state == "CONNECTED" or snapshot.synced
    return Phase.SYNCING if begun else Phase.LINKING
