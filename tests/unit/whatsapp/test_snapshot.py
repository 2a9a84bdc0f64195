from __future__ import annotations

import pytest

from session_core.whatsapp.snapshot import Phase, Snapshot, decide

P = Phase


def snapshot(**fields: object) -> Snapshot:
    return Snapshot.model_validate({"n": 1, **fields})


MAIN = {
    "injected": True,
    "listening": True,
    "authenticated": True,
    "registered": True,
    "mode": "MAIN",
    "info": "NORMAL",
    "state": "CONNECTED",
    "synced": True,
}
QR = {"mode": "QR", "info": "PAIRING", "state": "UNPAIRED", "ref": "r", "code": "r,n,i,s"}
GONE = {"injected": True, "listening": True, "authenticated": False, "mode": "QR", "state": "UNPAIRED"}

CASES = [
    # what the page says, the phase before, the phase after
    ({}, P.LOADING, P.LOADING),
    ({"mode": "QR", "state": "UNPAIRED"}, P.LOADING, P.LOADING),
    (QR, P.LOADING, P.QR),
    (QR | {"injected": True, "authenticated": False}, P.QR, P.QR),
    (QR | {"code": None, "ref": None}, P.QR, P.QR),
    (QR | {"state": "UNPAIRED_IDLE"}, P.QR, P.IDLE),
    (QR | {"state": "UNPAIRED_IDLE", "code": None}, P.LOADING, P.IDLE),
    (QR, P.IDLE, P.QR),
    # a scan
    (QR | {"registered": True, "mode": "SYNCING", "state": "OPENING"}, P.QR, P.LINKING),
    ({"registered": True, "mode": "SYNCING", "state": "CONNECTED"}, P.LINKING, P.SYNCING),
    ({"registered": True, "mode": "SYNCING", "state": "OPENING"}, P.SYNCING, P.SYNCING),
    (MAIN | {"mode": "SYNCING"}, P.SYNCING, P.SYNCING),
    (MAIN | {"info": "SYNCING"}, P.SYNCING, P.SYNCING),
    (MAIN, P.SYNCING, P.READY),
    # nobody listens to the messages yet, or wa-js contradicts
    (MAIN | {"listening": False}, P.SYNCING, P.SYNCING),
    (MAIN | {"authenticated": False}, P.SYNCING, P.SYNCING),
    # wa-js is still waiting for the modules: not a reason to wait
    (MAIN | {"injected": False, "authenticated": None}, P.SYNCING, P.READY),
    # a page that starts with a login
    ({"registered": True, "info": "OFFLINE", "state": "OPENING"}, P.LOADING, P.LINKING),
    ({"registered": True, "mode": "SYNCING", "info": "RESUMING", "state": "CONNECTED"}, P.LOADING, P.SYNCING),
    (MAIN, P.LOADING, P.READY),
    # the connection breaks and comes back
    (MAIN | {"info": "OFFLINE", "state": "TIMEOUT"}, P.READY, P.OFFLINE),
    (MAIN | {"mode": "OFFLINE"}, P.READY, P.OFFLINE),
    (MAIN | {"info": "RESUMING"}, P.OFFLINE, P.OFFLINE),
    (MAIN | {"mode": "SYNCING"}, P.OFFLINE, P.SYNCING),
    (MAIN, P.OFFLINE, P.READY),
    # wa-js goes on saying that all is well during a conflict
    (MAIN | {"mode": "CONFLICT"}, P.READY, P.CONFLICT),
    (MAIN | {"state": "CONFLICT"}, P.READY, P.CONFLICT),
    (MAIN, P.CONFLICT, P.READY),
    (MAIN | {"info": "RESUMING"}, P.CONFLICT, P.OFFLINE),
    # a logout clears the page before it shows a code
    ({"mode": "MAIN", "state": "CONNECTED"}, P.READY, P.READY),
    (QR, P.READY, P.QR),
    # a login that ends without a code and without a reload, also where the page still tells whose it was
    (GONE, P.READY, P.QR),
    (GONE, P.OFFLINE, P.QR),
    (GONE, P.CONFLICT, P.QR),
    (GONE | {"registered": True}, P.READY, P.QR),
    (GONE | {"registered": True}, P.QR, P.QR),
    (GONE | {"authenticated": None}, P.READY, P.QR),
    (GONE | {"mode": "MAIN"}, P.READY, P.QR),
    (GONE | {"state": "UNPAIRED_IDLE"}, P.READY, P.IDLE),
    (GONE | {"registered": True, "code": "c"}, P.LOADING, P.QR),
    (GONE, P.IDLE, P.IDLE),
    # wa-js does not contradict, or the page is on its way to a login
    (GONE | {"authenticated": None, "registered": True}, P.READY, P.OFFLINE),
    (GONE | {"authenticated": True}, P.READY, P.OFFLINE),
    (GONE | {"registered": True, "mode": "SYNCING"}, P.QR, P.LINKING),
    (GONE | {"registered": True}, P.LOADING, P.LINKING),
    # refused
    ({"mode": "DEPRECATED_VERSION"}, P.LOADING, P.BLOCKED),
    ({"mode": "PROXYBLOCK"}, P.LOADING, P.BLOCKED),
    (MAIN | {"state": "TOS_BLOCK"}, P.READY, P.GATED),
    ({"mode": "SMB_TOS_BLOCK"}, P.LOADING, P.GATED),
    ({"gate": "passkey"}, P.QR, P.GATED),
    (MAIN | {"gate": "limited"}, P.OFFLINE, P.GATED),
    ({"unsupported": True}, P.LOADING, P.UNSUPPORTED),
]


@pytest.mark.parametrize(("says", "before", "after"), CASES)
def test_the_phase_that_a_snapshot_shows(says: dict[str, object], before: Phase, after: Phase) -> None:
    assert decide(snapshot(**says), before) is after


@pytest.mark.parametrize("before", list(Phase))
def test_full_ready_on_the_qr_screen_is_not_a_login(before: Phase) -> None:
    assert decide(snapshot(**QR, injected=True, listening=True, synced=False), before) is P.QR


def test_a_code_never_shows_in_a_representation() -> None:
    assert "secret" not in repr(snapshot(ref="secret", code="secret"))
