"""The embedded Valkey: private, one for each data folder, durable, and never left behind."""

from __future__ import annotations

import os
import signal
import socket
import stat
import subprocess
import sys
from datetime import timedelta
from pathlib import Path

import psutil
import pytest
import redis

from session_core.errors import FatalError, TransientError
from session_core.launch.valkey import address_of, wait_for_valkey
from session_core.settings import Settings
from tests.servers.processes import start, start_service, wait_until
from tests.servers.valkey import running_valkey_server


def test_data_survives_a_kill_and_a_clean_stop(tmp_path: Path) -> None:
    with running_valkey_server(tmp_path) as server, redis.Redis.from_url(server.url) as client:
        client.set("kept", "1")
        client.execute_command("WAITAOF", 1, 0, 5000)
        server.kill()
        server.start()
        assert client.get("kept") == b"1"
        client.set("kept", "2")
        server.stop()
        server.start()
        assert client.get("kept") == b"2"


def test_only_this_user_can_reach_it(tmp_path: Path) -> None:
    with running_valkey_server(tmp_path) as server, redis.Redis.from_url(server.url) as client:
        assert client.config_get("port") == {"port": "0"}
        assert not [found for found in psutil.Process(server.pid).net_connections("inet") if found.status == "LISTEN"]
        assert stat.S_IMODE((tmp_path / "valkey").stat().st_mode) == 0o700
        assert stat.S_IMODE(server.settings.valkey_socket.stat().st_mode) == 0o700


def test_a_second_one_on_the_same_data_is_refused_in_one_line(tmp_path: Path) -> None:
    with running_valkey_server(tmp_path) as server, redis.Redis.from_url(server.url) as client:
        second = start_service("valkey", env={"WHAHOOK_DATA_DIR": str(tmp_path)}, log=tmp_path / "second.log")
        assert second.wait(20) == 1
        assert (tmp_path / "second.log").read_text() == f"Another Valkey already uses {tmp_path / 'valkey'}.\n"
        assert client.ping()


def test_a_stale_socket_is_no_obstacle(tmp_path: Path) -> None:
    path = Settings(data_dir=tmp_path).valkey_socket
    path.parent.mkdir(parents=True)
    with socket.socket(socket.AF_UNIX) as dead:
        dead.bind(str(path))
    assert path.exists()
    with running_valkey_server(tmp_path) as server, redis.Redis.from_url(server.url) as client:
        assert client.ping()


def test_a_socket_on_which_somebody_answers_is_left_alone(tmp_path: Path) -> None:
    path = Settings(data_dir=tmp_path).valkey_socket
    path.parent.mkdir(parents=True)
    with socket.socket(socket.AF_UNIX) as other:
        other.bind(str(path))
        other.listen()
        process = start_service("valkey", env={"WHAHOOK_DATA_DIR": str(tmp_path)}, log=tmp_path / "log")
        assert process.wait(20) == 1
        assert path.exists()
    assert "already answers" in (tmp_path / "log").read_text()


def test_a_long_data_folder_gets_a_short_socket(tmp_path: Path) -> None:
    deep = tmp_path / ("d" * 60) / ("e" * 60)
    with running_valkey_server(deep) as server, redis.Redis.from_url(server.url) as client:
        assert not server.settings.valkey_socket.is_relative_to(deep)
        assert client.ping()
    assert not server.settings.valkey_socket.exists()


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM])
def test_it_does_not_outlive_whoever_started_it(tmp_path: Path, number: int) -> None:
    """Measured of the packaged server: without our care it does."""
    parent = """
import os, subprocess, sys
from session_core.launch.parent import child_environment
child = subprocess.Popen([sys.executable, "-m", "session_core", "valkey"], env=child_environment())
child.wait()
"""
    env = {"WHAHOOK_DATA_DIR": str(tmp_path)}
    process = start([sys.executable, "-c", parent], env=env, log=tmp_path / "log")
    path = Settings(data_dir=tmp_path).valkey_socket
    with redis.Redis(unix_socket_path=str(path)) as client:
        wait_until(lambda: _pings(client), timedelta(seconds=20), "Valkey answers")
        server = int(client.info("server")["process_id"])
    os.kill(process.pid, number)
    process.wait(10)
    wait_until(lambda: not psutil.pid_exists(server), what="the server is gone")


def _pings(client: redis.Redis) -> bool:
    try:
        return bool(client.ping())
    except redis.RedisError:
        return False


def test_it_refuses_to_run_beside_another_redis(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "session_core", "valkey"],
        env={**os.environ, "REDIS_URL": "redis://127.0.0.1:1", "WHAHOOK_DATA_DIR": str(tmp_path)},
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )
    assert done.returncode == 1
    assert done.stderr == "REDIS_URL is set, so the embedded Valkey is not used.\n"


async def test_waiting_ends_when_nobody_answers(tmp_path: Path) -> None:
    with pytest.raises(TransientError) as caught:
        await wait_for_valkey(f"unix://{tmp_path}/nobody.sock", timedelta(milliseconds=200))
    assert caught.value.code == "redis_unreachable"
    assert f"{tmp_path}/nobody.sock" in caught.value.message


async def test_who_waits_for_a_server_is_told_early_which_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("session_core.launch.valkey.SAY_AFTER", timedelta(milliseconds=50))
    said: list[str] = []
    with pytest.raises(TransientError):
        await wait_for_valkey("redis://ana:geheim@127.0.0.1:1/0", timedelta(milliseconds=500), said.append)
    (line,) = said
    assert "127.0.0.1:1 " in line
    assert "REDIS_URL" in line
    assert "geheim" not in line


@pytest.mark.parametrize(
    ("url", "address"),
    [
        ("redis://ana:geheim@redis.example.org/2", "redis.example.org:6379"),
        ("rediss://[::1]:7000", "[::1]:7000"),
        ("unix://:geheim@/run/redis.sock", "/run/redis.sock"),
    ],
)
def test_an_address_has_no_password_in_it(url: str, address: str) -> None:
    assert address_of(url) == address


async def test_a_wrong_password_is_not_waited_for(tmp_path: Path) -> None:
    with running_valkey_server(tmp_path) as server:
        with redis.Redis.from_url(server.url) as client:
            client.config_set("requirepass", "right")
        with pytest.raises(FatalError, match="REDIS_URL"):
            await wait_for_valkey(f"unix://:wrong@{server.settings.valkey_socket}", timedelta(seconds=20))
