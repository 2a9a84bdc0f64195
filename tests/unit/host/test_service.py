from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest

from session_core.core import Core
from session_core.domain.status import AccountKind
from session_core.errors import FatalError
from session_core.host import service
from session_core.host.health import heartbeat
from session_core.host.room import Room
from session_core.host.service import url_of
from session_core.settings import Settings
from session_core.tasks import end, spawn
from tests.waiting import eventually


def test_each_kind_of_account_opens_its_own_whatsapp_web() -> None:
    settings = Settings(whatsapp_url="https://wa.example.org/", sandbox_port=8155)
    assert url_of(AccountKind.LIVE, settings) == "https://wa.example.org/"
    assert url_of(AccountKind.SANDBOX, settings) == "http://127.0.0.1:8155/"


def test_without_the_sandbox_its_accounts_have_no_address() -> None:
    settings = Settings(sandbox="off")
    assert url_of(AccountKind.LIVE, settings) == "https://web.whatsapp.com/"
    with pytest.raises(FatalError) as refused:
        url_of(AccountKind.SANDBOX, settings)
    assert refused.value.code == "sandbox_off"


async def test_what_else_runs_in_the_host_is_started_anew_when_it_fails(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(service, "RESTART_PAUSE", timedelta(milliseconds=1))
    starts: list[Core] = []

    async def fails_twice(core: Core) -> None:
        starts.append(core)
        if len(starts) < 3:
            raise KeyError("a bug")
        await asyncio.Event().wait()

    core = object()
    task = spawn(service._for_ever(fails_twice, core), name="extra")  # type: ignore[arg-type]
    await eventually(lambda: len(starts) == 3)
    await end(task)
    assert starts == [core, core, core]


def test_a_full_host_says_so_beside_its_other_warnings() -> None:
    warnings = ["Chromium runs without its sandbox."]
    roomy = heartbeat("host-a", Room(2), chromium_sandbox=False, warnings=warnings)
    assert (roomy.running, roomy.room_for, roomy.warnings) == (0, 2, warnings)
    full = heartbeat("host-a", Room(0, memory=lambda: 0), chromium_sandbox=True, warnings=warnings)
    assert full.room_for == 0
    assert len(full.warnings) == 2
    assert len(warnings) == 1
