"""Which event a change of a session means for a Socket.IO client."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from session_core.domain.events import Qr, SessionSnapshot
from session_core.domain.status import AccountKind, PublicStatus, ReasonCode, SessionStatus
from whahook_app.api.session_events import Told, changes, remember, state

NOW = datetime(2026, 1, 2, tzinfo=UTC)
USER, ACCOUNT = UUID(int=1), UUID(int=2)
SESSION = f"user_{USER}_wa_{ACCOUNT}"


def session(
    seq: int,
    status: SessionStatus,
    reason_code: ReasonCode = ReasonCode.NONE,
    *,
    code: str | None = None,
    phone: str | None = None,
    reason: str = "",
) -> SessionSnapshot:
    qr = Qr(code=code, png="", shown_at=NOW, expires_at=NOW + timedelta(minutes=1), number=1) if code else None
    return SessionSnapshot(
        seq=seq,
        account_id=ACCOUNT,
        user_id=USER,
        name="Shop",
        kind=AccountKind.LIVE,
        status=status,
        reason_code=reason_code,
        reason=reason,
        phone_number=phone,
        status_since=NOW,
        created_at=NOW,
        qr=qr,
    )


def tell(*sessions: SessionSnapshot) -> list[tuple[str, dict[str, object]]]:
    """Return everything that a client hears of a life."""
    told: Told | None = None
    heard = []
    for now in sessions:
        heard += changes(told, now)
        if told is None or now.seq >= told.seq:
            told = remember(now, told)
    return heard


S = SessionStatus
QR_ONE = ("whatsapp:qr", {"qr": "one", "sessionId": SESSION})
QR_TWO = ("whatsapp:qr", {"qr": "two", "sessionId": SESSION})
READY = ("whatsapp:ready", {"sessionId": SESSION, "phoneNumber": "34612345678"})


def disconnected(reason: str) -> tuple[str, dict[str, object]]:
    return "whatsapp:disconnected", {"sessionId": SESSION, "reason": reason}


def test_a_whole_life() -> None:
    heard = tell(
        session(0, S.STOPPED),
        session(1, S.QUEUED),
        session(2, S.LAUNCHING),
        session(3, S.LOADING),
        session(4, S.QR, code="one"),
        session(5, S.QR, code="two"),
        session(6, S.LINKING),
        session(7, S.SYNCING),
        session(8, S.READY, phone="34612345678"),
        session(9, S.RECONNECTING, ReasonCode.OFFLINE),
        session(10, S.READY, phone="34612345678"),
        session(11, S.STOPPING, ReasonCode.UNLINKED),
        session(12, S.ACTION_REQUIRED, ReasonCode.UNLINKED),
    )
    assert heard == [QR_ONE, QR_TWO, READY, disconnected("offline"), READY, disconnected("unlinked")]


def test_nothing_is_told_twice() -> None:
    assert tell(session(1, S.QR, code="one"), session(1, S.QR, code="one"), session(2, S.QR, code="one")) == [QR_ONE]
    ready = session(3, S.READY, phone="34612345678")
    assert tell(ready, ready, session(4, S.READY, phone="34612345678")) == [READY]


def test_what_is_older_is_not_told_any_more() -> None:
    assert tell(session(8, S.READY, phone="34612345678"), session(4, S.QR, code="one")) == [READY]


def test_a_rename_while_the_code_cannot_be_read_does_not_tell_it_again() -> None:
    assert tell(session(4, S.QR, code="one"), session(4, S.QR), session(4, S.QR, code="one")) == [QR_ONE]


def test_a_number_that_becomes_known_later_is_told() -> None:
    nameless = ("whatsapp:ready", {"sessionId": SESSION, "phoneNumber": None})
    assert tell(session(1, S.READY), session(2, S.READY, phone="34612345678")) == [nameless, READY]


def test_another_cause_is_news_although_it_is_still_not_connected() -> None:
    heard = tell(
        session(1, S.READY, phone="34612345678"),
        session(2, S.RECONNECTING, ReasonCode.OFFLINE),
        session(3, S.RECONNECTING, ReasonCode.OFFLINE),
        session(4, S.ACTION_REQUIRED, ReasonCode.UNLINKED),
        session(5, S.STOPPED),
    )
    assert heard == [READY, disconnected("offline"), disconnected("unlinked")]


@pytest.mark.parametrize(
    ("now", "heard"),
    [
        (session(1, S.STOPPED), []),
        (session(1, S.STOPPED, ReasonCode.REQUESTED), []),
        (session(1, S.LAUNCHING), []),
        (session(1, S.SYNCING), []),
        (session(1, S.QR), []),
        (session(1, S.QR, code="one"), [QR_ONE]),
        (session(1, S.READY, phone="34612345678"), [READY]),
        (session(1, S.RECONNECTING, ReasonCode.OFFLINE), [disconnected("offline")]),
        (session(1, S.ACTION_REQUIRED, ReasonCode.QR_EXPIRED), [disconnected("qr_expired")]),
        (
            session(1, S.ERROR, ReasonCode.DISK_FULL, reason="The disk is full."),
            [("whatsapp:error", {"sessionId": SESSION, "error": "The disk is full."})],
        ),
        (
            session(1, S.ERROR, ReasonCode.DISK_FULL),
            [
                (
                    "whatsapp:error",
                    {
                        "sessionId": SESSION,
                        "error": "The server's disk is full. Free some space on the server and connect again.",
                    },
                )
            ],
        ),
    ],
)
def test_what_a_client_hears_when_it_connects(now: SessionSnapshot, heard: list[tuple[str, dict[str, object]]]) -> None:
    assert changes(None, now) == heard


def test_stopping_without_a_reason_names_the_phase() -> None:
    assert tell(session(1, S.READY, phone="34612345678"), session(2, S.STOPPED)) == [READY, disconnected("stopped")]


LIVES = st.lists(
    st.tuples(
        st.integers(0, 30),
        st.sampled_from(list(SessionStatus)),
        st.sampled_from(list(ReasonCode)),
        st.sampled_from([None, "one", "two"]),
    ),
    max_size=12,
)


@given(LIVES)
def test_whatever_comes_in_whatever_order_the_last_event_is_the_truth(
    life: list[tuple[int, SessionStatus, ReasonCode, str | None]],
) -> None:
    # A number belongs to one state only.
    states = {seq: session(seq, status, reason, code=code) for seq, status, reason, code in life}
    sessions = [states[seq] for seq, *_ in life]
    heard = tell(*sessions)
    for event, payload in heard:
        assert event.startswith("whatsapp:")
        assert payload["sessionId"] == SESSION
        assert all(value is None or type(value) is str for value in payload.values())
    if not sessions:
        return
    newest = max(sessions, key=lambda now: now.seq)
    expected = state(newest)
    silent = {PublicStatus.INITIALIZING, PublicStatus.AUTHENTICATED}
    if newest.public_status in silent or newest.status is SessionStatus.STOPPED or not expected:
        return
    known = {ReasonCode.NONE, sessions[0].reason_code}
    if not heard and newest.public_status is PublicStatus.DISCONNECTED and newest.reason_code in known:
        # Not connected, and no cause but the one of the beginning: no news for who has heard of nothing else.
        return
    if newest.public_status in {PublicStatus.QR, PublicStatus.READY}:
        assert heard[-1] == expected[0]
    else:
        assert heard[-1][0] == expected[0][0]
