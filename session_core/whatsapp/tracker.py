"""From what the page tells to what the host hears. No I/O: time comes from a clock, events go out as a list."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Literal
from urllib.parse import parse_qs, urldefrag, urlsplit

from session_core.clock import Clock
from session_core.whatsapp.changes import change
from session_core.whatsapp.driver import (
    AckChanged,
    Conflicted,
    DriverEvent,
    Gate,
    Gated,
    Linking,
    Loaded,
    LoggedOut,
    LogoutCause,
    Loss,
    Lost,
    MessageSeen,
    Offline,
    QrExpired,
    ReachOutChanged,
    ReachOutHit,
    Ready,
    Syncing,
    UploadLost,
)
from session_core.whatsapp.messages import PageMessage, ack_of, instant, seen
from session_core.whatsapp.qr import FIRST_LIFE, PAIRING_LIFE, QrSeries
from session_core.whatsapp.snapshot import Limit, Phase, Snapshot, decide

_SWEEP_MARGIN = timedelta(minutes=2)
"""How much further back than the interruption a sweep looks: the clocks of host and WhatsApp differ."""


ACCOUNT_LOCKED = "3"
"""WhatsApp Web's code for a logout because the account was locked (wa-js: ``LOGOUT_REASON_CODE``)."""


@dataclass(frozen=True, slots=True)
class Patience:
    """How long a page may take, from measurements with a good margin; tests shorten them.

    Attributes:
        load: to the first code or login.
        link: from a scan or a stored login to ready.
        poll: pause between two looks at the page.
        answer: to answer a look.
        offline: without a connection, before it is loaded anew.
        awake: between two signs of life that it is given.
        audit: between two comparisons of what it has with what it told.
        telling: to tell a message that is in its store.
        quiet: without anything from WhatsApp, before WhatsApp is asked something.
        question: between two such questions.
        unpaired: without a login and without a code, before the login counts as ended: a logout clears the page first.
        renewal: after the end of a code, until another one should have come.
        settle: after it became ready, until what had waited has been delivered.
    """

    load: timedelta = timedelta(seconds=60)
    link: timedelta = timedelta(seconds=120)
    poll: timedelta = timedelta(seconds=2)
    answer: timedelta = timedelta(seconds=10)
    offline: timedelta = timedelta(minutes=3)
    awake: timedelta = timedelta(seconds=30)
    audit: timedelta = timedelta(seconds=30)
    telling: timedelta = timedelta(seconds=10)
    quiet: timedelta = timedelta(minutes=10)
    question: timedelta = timedelta(seconds=30)
    unpaired: timedelta = timedelta(seconds=3)
    renewal: timedelta = timedelta(seconds=30)
    settle: timedelta = timedelta(seconds=10)


class Tracker:
    """Follows one WhatsApp Web through all its reloads.

    Attributes:
        phase: where the page is now.
        logging_out: set before a logout that we asked for, so that its end is told as ours.
        missed_since: from when on messages may have come that nobody saw live.
        sweep_due: True when they have to be looked for.
    """

    def __init__(
        self, clock: Clock, url: str, since: datetime | None, patience: Patience, steady: Clock | None = None
    ) -> None:
        """Prepare.

        Args:
            clock: tells the time that is compared with that of messages.
            url: where the page belongs.
            since: from when on messages may have been missed; None: from now on.
            patience: the deadlines.
            steady: tells the time for deadlines, which a jump of the clock must not bring about.
        """
        now = clock.now()
        self._steady = steady or clock
        self.phase = Phase.LOADING
        self.logging_out = False
        self.missed_since = since or now
        self._heard_until = since
        self.sweep_due = False
        self._clock = clock
        self._origin = _origin(url)
        self._patience = patience
        self._doc = ""
        self._docs: set[str] = set()
        self._snapshot: Snapshot | None = None
        self._deadline_from = self._steady.now()
        self._qr = QrSeries()
        self._told_logged_out = False
        self._scanned = False
        self._had_login = False
        self._unpaired_since: datetime | None = None
        self._code_until: datetime | None = None
        self._pairing_until: datetime | None = None
        self._settled_at: datetime | None = None
        self._live_since: datetime | None = None
        self._address = ""
        self._limit: Limit | None = None

    def feed(self, push: dict[str, Any]) -> list[DriverEvent]:
        """Take one thing that the page told and return what it means.

        Raises:
            ValueError: the page told something that is not in the agreed form.
        """
        doc = str(push.get("doc", ""))
        if doc != self._doc:
            if doc in self._docs:
                return []
            self._enter(doc)
        kind = push.get("kind")
        if kind == "state":
            return self._see(Snapshot.model_validate(push.get("state")))
        if kind == "message":
            event = self.message(push.get("message"))
            return [event] if event else []
        if kind == "ack":
            return [AckChanged(str(push["id"]), ack_of(int(push["ack"])))]
        if kind == "lost":
            return [UploadLost(str(push["id"]))]
        if kind == "limited":
            return [ReachOutHit(str(push["id"]), _until(push.get("until")))]
        if kind == "change":
            return [change(push.get("change"))]
        raise ValueError(f"unknown news from the page: {kind!r}")

    def message(self, data: object) -> MessageSeen | None:
        """Return the event for a serialized message; None when it is none."""
        live_since = self._live_since or self._clock.now()
        event = seen(PageMessage.model_validate(data), live_since=live_since)
        if event is not None:
            self._heard_until = max(self._heard_until or event.at, event.at)
        return event

    def navigated(self, url: str) -> list[DriverEvent]:
        """Take a new address of the page: elsewhere is lost, ``post_logout`` is a logout.

        Where the first load leads, the page belongs: an address may send on to another one.
        """
        url = urldefrag(url).url  # a page that moves inside itself goes nowhere
        if url == self._address or (url == "about:blank" and not self._address):
            return []
        if not self._address:
            self._origin = _origin(url) or self._origin
        self._address = url
        if _origin(url) != self._origin:
            return [Lost(Loss.NAVIGATION, f"the page went to {_origin(url) or 'an error page'}")]
        query = parse_qs(urlsplit(url).query)
        if query.get("post_logout") != ["1"]:
            return []
        if query.get("logout_reason") == [ACCOUNT_LOCKED] and not self.logging_out:
            self._had_login = False
            return [Gated(Gate.BANNED)]
        return self._logged_out()

    @property
    def doc(self) -> str:
        """Names the load of the page that is followed now."""
        return self._doc

    @property
    def snapshot(self) -> Snapshot | None:
        """The newest view that the page gave of itself since it was loaded."""
        return self._snapshot

    def overdue(self) -> Literal["load", "link", "offline", "conflict"] | None:
        """Tell which deadline has passed, if one has."""
        if self.phase is Phase.CONFLICT:
            return "conflict" if self._waited_longer_than(self._patience.load) else None
        if self.phase is Phase.OFFLINE:
            return "offline" if self._waited_longer_than(self._patience.offline) else None
        if self.phase is Phase.READY:
            mute = self._snapshot is not None and not self._snapshot.injected
            return "load" if mute and self._waited_longer_than(self._patience.load) else None
        if self.phase.wanted:
            return None
        kind: Literal["load", "link"] = "load" if self.phase is Phase.LOADING else "link"
        patience = self._patience.load if kind == "load" else self._patience.link
        return kind if self._waited_longer_than(patience) else None

    def _waited_longer_than(self, patience: timedelta) -> bool:
        return self._steady.now() - self._deadline_from > patience

    def restart_deadline(self) -> None:
        """Start the deadlines anew: the page is being loaded again, or shows codes again."""
        self._deadline_from = self._steady.now()

    def new_qr_series(self) -> None:
        """Count codes from one again: WhatsApp was asked for new ones."""
        self._qr = QrSeries()

    def pairing(self) -> None:
        """Note that somebody is typing a linking code that the page shows now; whatever happens to the QR meanwhile."""
        self._pairing_until = self._steady.now() + PAIRING_LIFE

    def _enter(self, doc: str) -> None:
        self._leave_ready()
        self._docs.add(doc)
        self._doc = doc
        self._snapshot = None
        self.phase = Phase.LOADING
        self._qr = QrSeries()
        self._unpaired_since = None
        self._pairing_until = None
        self.restart_deadline()

    def _see(self, snapshot: Snapshot) -> list[DriverEvent]:
        before = self._snapshot
        if before is not None and snapshot.n <= before.n:
            return []
        self._snapshot = snapshot
        events: list[DriverEvent] = []
        if snapshot.alive and (before is None or not before.alive):
            events.append(Loaded())
        old, self.phase = self.phase, self._decide(snapshot)
        if old is not self.phase:
            events += self._change(old, snapshot)
        elif self.phase is Phase.READY and snapshot.registered and not snapshot.unpaired:
            events += [_ready(snapshot)] if before and _who(before) != _who(snapshot) else []
        if self.phase is Phase.QR and snapshot.ref and snapshot.code:
            shown = self._qr.see(snapshot.ref, snapshot.code, self._clock.now())
            if shown:
                self._code_until = self._steady.now() + (shown.expires_at - shown.shown_at)
                events.append(shown)
        self._mind_late_messages(snapshot, before)
        return [*events, *self._mind_limit(snapshot)]

    def _mind_limit(self, snapshot: Snapshot) -> list[DriverEvent]:
        """Tell whether the account may begin conversations when that is news; the first word about it is."""
        if self.phase is not Phase.READY or snapshot.limit is None or snapshot.limit == self._limit:
            return []
        self._limit = snapshot.limit
        return [ReachOutChanged(snapshot.limit.limited, instant(snapshot.limit.until))]

    def _decide(self, snapshot: Snapshot) -> Phase:
        now = self._steady.now()
        phase = decide(snapshot, self.phase)
        ends = phase in {Phase.QR, Phase.IDLE} and self.phase.has_login and not snapshot.code
        self._unpaired_since = (self._unpaired_since or now) if ends else None
        if self._unpaired_since is not None and now - self._unpaired_since < self._patience.unpaired:
            return self.phase
        if self.phase is Phase.QR and phase is Phase.QR and not snapshot.code and self._code_until is not None:
            phase = Phase.IDLE if now - self._code_until > self._patience.renewal else phase
        typing = self._pairing_until is not None and now < self._pairing_until
        return Phase.QR if phase is Phase.IDLE and self.phase is Phase.QR and typing else phase

    def _mind_late_messages(self, snapshot: Snapshot, before: Snapshot | None) -> None:
        """Have messages looked for once more when all that had waited is there, as the page says or as time tells."""
        if self.phase is not Phase.READY:
            return
        settled = self._settled_at is not None and self._steady.now() >= self._settled_at
        if settled:
            self._settled_at = None
        if settled or (before is not None and snapshot.delivered > before.delivered):
            self.sweep_due = True

    def _change(self, old: Phase, snapshot: Snapshot) -> list[DriverEvent]:
        if old is Phase.READY:
            self._leave_ready()
        if old.wanted or old is Phase.LOADING:
            self.restart_deadline()
        self._scanned = self._scanned or (old in {Phase.QR, Phase.IDLE} and self.phase.has_login)
        self._had_login = self._had_login or (self.phase.has_login and not self._scanned) or self.phase is Phase.READY
        detail = f"mode {snapshot.mode}, info {snapshot.info}, socket {snapshot.state}"
        match self.phase:
            case Phase.QR | Phase.IDLE:
                # After a scan that came to nothing there was no login that could have ended. The page may have been
                # loaded anew since the login was there.
                gone = self._logged_out() if self._had_login else []
                self._scanned = False
                self._code_until = self._steady.now() + FIRST_LIFE
                return [*gone, QrExpired()] if self.phase is Phase.IDLE else gone
            case Phase.LINKING:
                return self._linked(Linking())
            case Phase.SYNCING:
                return self._linked(Syncing())
            case Phase.READY:
                self._scanned = False
                self._live_since = self._clock.now()
                self._settled_at = self._steady.now() + self._patience.settle
                self.sweep_due = True
                return self._linked(_ready(snapshot))
            case Phase.OFFLINE:
                return [Offline(detail)]
            case Phase.CONFLICT:
                return [Conflicted()]
            case Phase.GATED:
                return [Gated(Gate(snapshot.gate or Gate.TERMS))]
            case Phase.BLOCKED if "PROXYBLOCK" in {snapshot.mode, snapshot.state}:
                return [Lost(Loss.NAVIGATION, detail)]
            case Phase.BLOCKED | Phase.UNSUPPORTED:
                return [Lost(Loss.UNSUPPORTED, detail)]
            case Phase.LOADING:
                return []

    def _linked(self, event: DriverEvent) -> list[DriverEvent]:
        self._told_logged_out = False
        return [event]

    def _leave_ready(self) -> None:
        # A sweep that was not made yet looks further back than this interruption.
        if self._live_since is not None and not self.sweep_due:
            # By WhatsApp's clock where it is known: this machine's may be ahead by hours.
            now = self._clock.now()
            self.missed_since = min(now, self._heard_until or now) - _SWEEP_MARGIN
        self._live_since = None

    def _logged_out(self) -> list[DriverEvent]:
        """Tell the end of a login once: the reload and the code that follows both show it."""
        self._had_login = False
        if self._told_logged_out:
            return []
        self._told_logged_out = True
        cause = LogoutCause.LOGGED_OUT if self.logging_out else LogoutCause.UNLINKED
        self.logging_out = False
        return [LoggedOut(cause)]


_PORTS = {"http": 80, "https": 443}


def _origin(url: str) -> str:
    """Return scheme, host and port as browsers compare them; empty for what is no address of a site."""
    parts = urlsplit(url)
    if parts.scheme not in _PORTS:
        return ""
    host = parts.hostname or ""
    shown = f"[{host}]" if ":" in host else host
    return f"{parts.scheme}://{shown}" + (f":{parts.port}" if parts.port not in {None, _PORTS[parts.scheme]} else "")


def _until(value: object) -> datetime | None:
    return instant(float(value)) if isinstance(value, int | float) else None


def _who(snapshot: Snapshot) -> tuple[str | None, str | None, str | None]:
    return snapshot.phone, snapshot.name, snapshot.lid


def _ready(snapshot: Snapshot) -> Ready:
    return Ready(phone_number=snapshot.phone, push_name=snapshot.name, lid=snapshot.lid)
