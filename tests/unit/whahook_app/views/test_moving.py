from __future__ import annotations

from typing import Any
from uuid import UUID

import pytest

from session_core.clock import utcnow
from session_core.domain.events import SessionSnapshot
from session_core.domain.sharing import Obstacle
from session_core.domain.status import AccountKind, ReasonCode, SessionStatus
from session_core.services.hosts import HostView
from whahook_app.i18n import LANGUAGES, Language
from whahook_app.views.moving import Moving, begun, choosing, progress

S = SessionStatus
NOW = utcnow()
HOSTS = [
    HostView("host-aaaaaaaaaaaa", "alfa", 1, 2, draining=False, here=True),
    HostView("host-bbbbbbbbbbbb", "bravo", 0, 1, draining=False),
    HostView("host-cccccccccccc", "bravo", 3, 0, draining=False, obstacle=Obstacle.HOST_FULL),
]
A, B, C = (host.id for host in HOSTS)


def account(status: SessionStatus = S.READY, **fields: Any) -> SessionSnapshot:
    values: dict[str, Any] = {"host_id": A, "reason_code": ReasonCode.NONE, **fields}
    return SessionSnapshot(
        seq=1,
        account_id=UUID(int=1),
        user_id=UUID(int=2),
        name="Ana",
        kind=AccountKind.LIVE,
        status=status,
        status_since=NOW,
        created_at=NOW,
        **values,
    )


def dialog(language: Language = "es") -> Moving:
    return begun(choosing(account(), HOSTS, language), B, language)


def test_hosts_to_choose_from() -> None:
    shown = choosing(account(), HOSTS, "es")
    assert shown.title == "Mover «Ana» a otro servidor"
    assert [(row.name, row.about, row.can) for row in shown.hosts] == [
        ("alfa", "Está aquí ahora · 1 sesión", False),
        ("bravo (bbbbbb)", "0 sesiones · queda sitio para 1", True),
        ("bravo (cccccc)", "No queda sitio", False),
    ]
    assert shown.possible
    assert not choosing(account(), HOSTS[:1], "es").possible


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("obstacle", [one for one in Obstacle if one is not Obstacle.HOST_UNKNOWN])
def test_every_obstacle_has_words(obstacle: Obstacle, language: Language) -> None:
    host = HostView(B, "bravo", 0, 1, draining=False, obstacle=obstacle)
    other = HostView(C, "charlie", 0, 1, draining=False)
    rows = choosing(account(), [host, other], language).hosts
    assert rows[0].about
    assert rows[0].about != rows[1].about


def test_from_a_to_b() -> None:
    shown = dialog()
    assert (shown.step, shown.way) == ("moving", "De alfa a bravo (bbbbbb)")
    steps = [
        account(wanted_host_id=B),
        account(S.RECONNECTING, host_id=None, wanted_host_id=B, reason_code=ReasonCode.MOVING),
        account(S.RECONNECTING, host_id=B, reason_code=ReasonCode.MOVING),
        account(S.QUEUED, host_id=B, reason_code=ReasonCode.WAITING_FOR_ROOM),
        account(host_id=B),
    ]
    lines = []
    for step in steps:
        shown = progress(shown, step, "es")
        lines.append((shown.step, shown.line))
    assert lines[0] == lines[1] == ("moving", "Se cierra y se guarda su sesión…")
    assert lines[2][0] == lines[3][0] == "moving"
    assert lines[2][1].startswith("Se abre en el otro servidor")
    assert lines[3][1] != lines[2][1]
    assert lines[4] == ("done", "Ya está en bravo (bbbbbb).")


def test_what_went_wrong_is_said_with_the_next_step() -> None:
    stayed = progress(dialog("en"), account(), "en")
    assert (stayed.step, bool(stayed.problem), bool(stayed.next_step)) == ("problem", True, True)
    broken = progress(dialog("en"), account(S.ERROR, host_id=None, reason_code=ReasonCode.BACKUP_UNREADABLE), "en")
    assert (broken.step, bool(broken.problem), bool(broken.next_step)) == ("problem", True, True)
    elsewhere = progress(dialog("en"), account(wanted_host_id=C), "en")
    assert (elsewhere.step, elsewhere.problem != stayed.problem) == ("problem", True)
