"""The life of an account's session: one enum with its facts, one table of transitions."""

from __future__ import annotations

from enum import StrEnum


class PublicStatus(StrEnum):
    """What programs see: the seed's values, and ``disconnected``."""

    INITIALIZING = "initializing"
    QR = "qr"
    AUTHENTICATED = "authenticated"
    READY = "ready"
    DISCONNECTED = "disconnected"
    ERROR = "error"


class SessionStatus(StrEnum):
    """Every state a session can be in. The value is the ``phase`` that programs and pages see beside the status."""

    STOPPED = "stopped"
    QUEUED = "queued"
    LAUNCHING = "launching"
    LOADING = "loading"
    QR = "qr"
    LINKING = "linking"
    SYNCING = "syncing"
    READY = "ready"
    RECONNECTING = "reconnecting"
    STOPPING = "stopping"
    ACTION_REQUIRED = "action_required"
    ERROR = "error"

    @property
    def public(self) -> PublicStatus:
        """The seed's word for this state."""
        return _PUBLIC[self]

    @property
    def live(self) -> bool:
        """True while a browser runs for the session, or is being started or stopped."""
        return self in _LIVE

    @property
    def needs_person(self) -> bool:
        """True when nothing more happens until somebody does something."""
        return self in {SessionStatus.QR, SessionStatus.ACTION_REQUIRED, SessionStatus.ERROR}

    @property
    def settled(self) -> bool:
        """True when the host has nothing under way for the session."""
        return self in {SessionStatus.STOPPED, SessionStatus.ACTION_REQUIRED, SessionStatus.ERROR}


_PUBLIC = {
    SessionStatus.STOPPED: PublicStatus.DISCONNECTED,
    SessionStatus.QUEUED: PublicStatus.INITIALIZING,
    SessionStatus.LAUNCHING: PublicStatus.INITIALIZING,
    SessionStatus.LOADING: PublicStatus.INITIALIZING,
    SessionStatus.QR: PublicStatus.QR,
    SessionStatus.LINKING: PublicStatus.AUTHENTICATED,
    SessionStatus.SYNCING: PublicStatus.AUTHENTICATED,
    SessionStatus.READY: PublicStatus.READY,
    SessionStatus.RECONNECTING: PublicStatus.DISCONNECTED,
    SessionStatus.STOPPING: PublicStatus.DISCONNECTED,
    SessionStatus.ACTION_REQUIRED: PublicStatus.DISCONNECTED,
    SessionStatus.ERROR: PublicStatus.ERROR,
}

_LIVE = frozenset(
    {
        SessionStatus.LAUNCHING,
        SessionStatus.LOADING,
        SessionStatus.QR,
        SessionStatus.LINKING,
        SessionStatus.SYNCING,
        SessionStatus.READY,
        SessionStatus.STOPPING,
    }
)

S = SessionStatus
_ENDS = frozenset({S.RECONNECTING, S.STOPPING, S.STOPPED, S.ACTION_REQUIRED, S.ERROR})
"""Whatever a session is doing, it can be told to stop, break, or lose its login."""

ALLOWED: dict[SessionStatus, frozenset[SessionStatus]] = {
    S.STOPPED: frozenset({S.QUEUED, S.LAUNCHING, S.ERROR}),
    S.QUEUED: _ENDS | {S.LAUNCHING},
    S.LAUNCHING: _ENDS | {S.LOADING},
    S.LOADING: _ENDS | {S.QR, S.LINKING, S.SYNCING, S.READY},
    S.QR: _ENDS | {S.LOADING, S.LINKING, S.SYNCING, S.READY},
    S.LINKING: _ENDS | {S.LOADING, S.QR, S.SYNCING, S.READY},
    S.SYNCING: _ENDS | {S.LOADING, S.QR, S.READY},
    S.READY: _ENDS | {S.LOADING, S.SYNCING},
    S.RECONNECTING: _ENDS | {S.QUEUED, S.LAUNCHING, S.LOADING, S.QR, S.SYNCING, S.READY},
    S.STOPPING: frozenset({S.STOPPED, S.ACTION_REQUIRED, S.ERROR, S.QUEUED, S.LAUNCHING}),
    S.ACTION_REQUIRED: frozenset({S.QUEUED, S.LAUNCHING, S.STOPPING, S.STOPPED, S.ERROR}),
    S.ERROR: frozenset({S.QUEUED, S.LAUNCHING, S.STOPPING, S.STOPPED, S.ACTION_REQUIRED}),
}
"""The whole machine: from a state, the states that may follow. Staying where one is needs no permission."""
del S


def may_follow(old: SessionStatus, new: SessionStatus) -> bool:
    """Tell whether ``new`` may follow ``old``; staying is always allowed (a new QR, a new reason)."""
    return new is old or new in ALLOWED[old]


class Desired(StrEnum):
    """What the owner wants of an account, whatever is running now."""

    CONNECTED = "connected"
    STOPPED = "stopped"
    DELETED = "deleted"


class AccountKind(StrEnum):
    """Which WhatsApp Web an account opens."""

    LIVE = "live"
    SANDBOX = "sandbox"


class ReasonCode(StrEnum):
    """Why a session is where it is. Texts in every language hang on these names; programs branch on them."""

    NONE = ""
    REQUESTED = "requested"
    WAITING_FOR_ROOM = "waiting_for_room"
    RESTORED = "restored"
    RESTORING = "restoring"
    RESTORE_FAILED = "restore_failed"
    BACKUP_UNREADABLE = "backup_unreadable"
    UNLINKED = "unlinked"
    LOGGED_OUT = "logged_out"
    QR_EXPIRED = "qr_expired"
    CONFLICT = "conflict"
    OFFLINE = "offline"
    PAGE_CRASHED = "page_crashed"
    BROWSER_CRASHED = "browser_crashed"
    BROWSER_MISSING = "browser_missing"
    DEAF = "deaf"
    RECYCLED = "recycled"
    LOAD_TIMEOUT = "load_timeout"
    LINK_TIMEOUT = "link_timeout"
    PAGE_UNREACHABLE = "page_unreachable"
    UNSUPPORTED_BROWSER = "unsupported_browser"
    BANNED = "banned"
    LIMITED = "limited"
    PASSKEY = "passkey"
    TERMS = "terms"
    HOST_STOPPED = "host_stopped"
    HOST_LOST = "host_lost"
    BUS_UNREACHABLE = "bus_unreachable"
    MOVING = "moving"
    PROFILE_IN_USE = "profile_in_use"
    PROFILE_QUARANTINED = "profile_quarantined"
    DISK_FULL = "disk_full"
    SANDBOX_OFF = "sandbox_off"
    INTERNAL = "internal"
