"""How the web process is started."""

from __future__ import annotations

from pathlib import Path

from session_core.launch.run import health_address
from session_core.launch.web import web_command, web_environment
from session_core.settings import Settings


def test_one_worker_and_no_access_log() -> None:
    command = web_command(Settings(port=9001))
    assert command[command.index("--workers") + 1] == "1"
    assert command[command.index("--port") + 1] == "9001"
    assert "--no-access-log" in command


def test_reflex_serves_the_copy_and_shares_our_redis() -> None:
    environment = web_environment(Settings(redis_url_setting="redis://127.0.0.1:7000/1"), Path("/copies/one"))
    assert environment["REFLEX_WEB_WORKDIR"] == "/copies/one"
    assert environment["REFLEX_REDIS_URL"] == "redis://127.0.0.1:7000/1"
    assert environment["__REFLEX_SKIP_COMPILE"] == "true"
    assert environment["REFLEX_TELEMETRY_ENABLED"] == "false"
    assert "*" not in environment["REFLEX_CORS_ALLOWED_ORIGINS"]


def test_health_is_asked_where_we_listen() -> None:
    assert health_address(Settings(port=1)) == "http://127.0.0.1:1/healthz"
    assert health_address(Settings(host="0.0.0.0", port=1)) == "http://127.0.0.1:1/healthz"
    assert health_address(Settings(host="::", port=1)) == "http://[::1]:1/healthz"
    assert health_address(Settings(host="fe80::1", port=1)) == "http://[fe80::1]:1/healthz"
