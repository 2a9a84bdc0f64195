"""Which processes run, and that the Procfile says the same."""

from __future__ import annotations

import shlex

import pytest

from session_core.__main__ import app
from session_core.launch.services import SERVICES, service_environment, services
from session_core.settings import Settings
from tests.servers.processes import ROOT


def test_the_procfile_lists_the_same_processes() -> None:
    lines = [line.split(":", 1) for line in (ROOT / "Procfile").read_text().splitlines()]
    commands = {name: shlex.split(command)[1:] for name, command in lines}
    assert commands == {service.name: list(service.argv[1:]) for service in SERVICES}


def test_every_service_is_a_command() -> None:
    commands = {command.callback.__name__ for command in app.registered_commands if command.callback}
    assert {service.name for service in SERVICES} <= commands


@pytest.mark.parametrize(
    ("settings", "names"),
    [
        (Settings(), ["valkey", "sandbox", "host", "worker", "web"]),
        (Settings(sandbox="off"), ["valkey", "host", "worker", "web"]),
        (Settings(redis_url_setting="redis://127.0.0.1:1"), ["sandbox", "host", "worker", "web"]),
    ],
)
def test_only_what_the_settings_ask_for(settings: Settings, names: list[str]) -> None:
    assert [service.name for service in services(settings)] == names


def test_valkey_is_the_one_that_the_others_need() -> None:
    assert [service.name for service in SERVICES if service.first] == ["valkey"]


def test_a_person_who_reads_along_gets_lines_and_a_chosen_format_stays(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("WHAHOOK_LOG_FORMAT", raising=False)
    assert service_environment(readable=True)["WHAHOOK_LOG_FORMAT"] == "console"
    assert "WHAHOOK_LOG_FORMAT" not in service_environment(readable=False)
    monkeypatch.setenv("WHAHOOK_LOG_FORMAT", "json")
    assert service_environment(readable=True)["WHAHOOK_LOG_FORMAT"] == "json"
