from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from session_core.errors import FatalError
from session_core.settings import MAX_SOCKET_PATH, Settings, load_settings
from session_core.settings.values import parse_duration


def from_environment(monkeypatch: pytest.MonkeyPatch, **variables: str) -> Settings:
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    return load_settings()


def refusal(monkeypatch: pytest.MonkeyPatch, name: str, value: str) -> str:
    with pytest.raises(FatalError) as caught:
        from_environment(monkeypatch, **{name: value})
    assert caught.value.code == "bad_setting"
    return str(caught.value)


def test_nothing_has_to_be_set() -> None:
    settings = load_settings()
    assert settings.database_url.startswith("sqlite+aiosqlite:////")
    assert settings.embedded_valkey
    assert (settings.messages_per_account, settings.messages_per_user) == (10, 30)
    assert settings.rate_window == timedelta(minutes=1)
    assert settings.whatsapp_url == "https://web.whatsapp.com/"
    assert settings.whatsapp_sessions_dir == Path("data/whatsapp-sessions").absolute()


def test_an_empty_variable_is_none(monkeypatch: pytest.MonkeyPatch) -> None:
    settings = from_environment(monkeypatch, WHAHOOK_PORT="", DATABASE_URL="")
    assert settings.port == 8000
    assert settings.database_url.startswith("sqlite")


class TestDurations:
    @pytest.mark.parametrize(
        ("written", "meant"),
        [
            ("90", timedelta(seconds=90)),
            ("90s", timedelta(seconds=90)),
            (" 1.5m ", timedelta(seconds=90)),
            ("2 h", timedelta(hours=2)),
            ("30d", timedelta(days=30)),
            ("250ms", timedelta(milliseconds=250)),
            ("PT1M", timedelta(minutes=1)),
        ],
    )
    def test_what_people_write(self, monkeypatch: pytest.MonkeyPatch, written: str, meant: timedelta) -> None:
        assert from_environment(monkeypatch, WHAHOOK_RATE_WINDOW=written).rate_window == meant

    @pytest.mark.parametrize("written", ["0", "0s", "-5s", "soon", "5 years", "9" * 400 + "d", "1e99"])
    def test_what_is_no_duration(self, monkeypatch: pytest.MonkeyPatch, written: str) -> None:
        assert refusal(monkeypatch, "WHAHOOK_RATE_WINDOW", written).startswith("WHAHOOK_RATE_WINDOW: ")

    @given(st.integers(1, 10**6), st.sampled_from([("ms", 0.001), ("s", 1), ("m", 60), ("h", 3600), ("d", 86400)]))
    def test_every_unit(self, number: int, unit: tuple[str, float]) -> None:
        assert parse_duration(f"{number}{unit[0]}") == timedelta(seconds=number * unit[1])

    @pytest.mark.parametrize("value", [timedelta(1), 5, None, "x"])
    def test_the_rest_is_left_to_the_library(self, value: object) -> None:
        assert parse_duration(value) is value


class TestAddresses:
    @pytest.mark.parametrize(
        ("written", "meant"),
        [
            ("postgres://a@h/d", "postgresql+asyncpg://a@h/d"),
            ("postgresql://a@h/d", "postgresql+asyncpg://a@h/d"),
            ("postgresql+asyncpg://a@h/d", "postgresql+asyncpg://a@h/d"),
            ("sqlite:////tmp/x.db", "sqlite+aiosqlite:////tmp/x.db"),
            ("sqlite+aiosqlite:///x.db", "sqlite+aiosqlite:///x.db"),
        ],
    )
    def test_databases(self, monkeypatch: pytest.MonkeyPatch, written: str, meant: str) -> None:
        assert from_environment(monkeypatch, DATABASE_URL=written).database_url == meant

    @pytest.mark.parametrize("written", ["redis://h:6379/0", "rediss://:pw@h", "unix:///run/v.sock?db=2"])
    def test_buses(self, monkeypatch: pytest.MonkeyPatch, written: str) -> None:
        settings = from_environment(monkeypatch, REDIS_URL=written)
        assert settings.redis_url == written
        assert not settings.embedded_valkey

    @pytest.mark.parametrize(
        ("name", "value"),
        [
            ("DATABASE_URL", "mysql://ana:hunter2@h/d"),
            ("DATABASE_URL", "hunter2"),
            ("DATABASE_URL", "postgresql://ana@h:hunter2/d"),
            ("REDIS_URL", "http://:hunter2@h"),
            ("REDIS_URL", "redis://:hunter2#5@h:6379"),
            ("WHAHOOK_PUBLIC_URL", "ftp://ana:hunter2@h"),
            ("WHAHOOK_WHATSAPP_URL", "hunter2"),
        ],
    )
    def test_a_wrong_one_is_named_and_not_repeated(
        self, monkeypatch: pytest.MonkeyPatch, name: str, value: str
    ) -> None:
        message = refusal(monkeypatch, name, value)
        assert message.startswith(f"{name}: ")
        assert "hunter2" not in message
        assert "\n" not in message

    @pytest.mark.parametrize(
        ("variables", "address"),
        [
            ({}, "http://localhost:8000"),
            ({"WHAHOOK_PORT": "9000"}, "http://localhost:9000"),
            ({"WHAHOOK_HOST": "0.0.0.0"}, "http://localhost:8000"),
            ({"WHAHOOK_HOST": "192.0.2.1"}, "http://192.0.2.1:8000"),
            ({"WHAHOOK_PUBLIC_URL": "https://wa.example.org/"}, "https://wa.example.org"),
        ],
    )
    def test_the_address_that_people_open(
        self, monkeypatch: pytest.MonkeyPatch, variables: dict[str, str], address: str
    ) -> None:
        assert from_environment(monkeypatch, **variables).public_url == address


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("WHAHOOK_PORT", "http"),
        ("WHAHOOK_PORT", "0"),
        ("WHAHOOK_PORT", "70000"),
        ("WHAHOOK_SIGN_UP", "maybe"),
        ("WHAHOOK_LOG_LEVEL", "loud"),
        ("WHAHOOK_SANDBOX", "yes"),
        ("WHAHOOK_WORKERS", "0"),
        ("WHAHOOK_MESSAGES_PER_ACCOUNT", "-1"),
        ("WHAHOOK_CHROMIUM_ARGS", "--flag='open"),
        ("WHAHOOK_MAX_SESSIONS", "many"),
    ],
)
def test_a_wrong_value_is_one_line_that_names_the_variable(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str
) -> None:
    message = refusal(monkeypatch, name, value)
    assert message.startswith(f"{name}: ")
    assert value in message
    assert "\n" not in message


def test_chromium_arguments_are_split_like_a_shell(monkeypatch: pytest.MonkeyPatch) -> None:
    settings = from_environment(monkeypatch, WHAHOOK_CHROMIUM_ARGS="--a=1 --b='two words'")
    assert settings.chromium_args == ["--a=1", "--b=two words"]


def test_a_socket_path_fits_however_long_the_folder_is(tmp_path: Path) -> None:
    short = Settings(data_dir=Path("/srv/w")).valkey_socket
    assert short == Path("/srv/w/valkey/valkey.sock")
    long = [Settings(data_dir=tmp_path / ("x" * 90) / str(number)).valkey_socket for number in range(2)]
    assert all(len(str(path)) <= MAX_SOCKET_PATH for path in long)
    assert long[0] != long[1]


@pytest.mark.parametrize(("written", "meant"), [("auto", None), ("json", True), ("console", False)])
def test_how_logs_look(monkeypatch: pytest.MonkeyPatch, written: str, meant: bool | None) -> None:
    assert from_environment(monkeypatch, WHAHOOK_LOG_FORMAT=written).json_logs is meant


class TestBackupKeys:
    KEY = "c2VjcmV0LXNlY3JldC1zZWNyZXQtc2VjcmV0LTEyMzQ="

    def test_what_is_taken_is_in_no_text(self, monkeypatch: pytest.MonkeyPatch) -> None:
        settings = from_environment(monkeypatch, WHAHOOK_BACKUP_KEYS=f"a:{self.KEY}")
        assert settings.backup_keys_text == f"a:{self.KEY}"
        assert self.KEY not in repr(settings)

    @pytest.mark.parametrize("written", ["x", "a:c2VjcmV0", f"a:{KEY},a:{KEY}"])
    def test_what_is_refused_is_not_repeated(self, monkeypatch: pytest.MonkeyPatch, written: str) -> None:
        told = refusal(monkeypatch, "WHAHOOK_BACKUP_KEYS", written)
        assert told.startswith("WHAHOOK_BACKUP_KEYS: ")
        assert "c2VjcmV0" not in told

    def test_backups_lie_in_the_data_folder_unless_told_otherwise(self, monkeypatch: pytest.MonkeyPatch) -> None:
        assert load_settings().backups_dir == Path("data/backups").absolute()
        assert from_environment(monkeypatch, WHAHOOK_BACKUP_DIR="/b").backups_dir == Path("/b")


@pytest.mark.parametrize(
    ("written", "megabytes"), [("700", 700), ("700MB", 700), (" 1.5 gb ", 1536), ("1GB", 1024), ("1", 1)]
)
def test_sizes_are_written_as_people_do(written: str, megabytes: int) -> None:
    settings = Settings(session_memory_alarm=written, session_memory_recycle="2GB")
    assert settings.session_memory_alarm == megabytes * 1024**2


@pytest.mark.parametrize(
    ("alarm", "recycle"), [("700", "699"), ("0", "800"), ("many", "800"), ("0.5MB", "800"), ("-1", "800")]
)
def test_sizes_that_make_no_sense(alarm: str, recycle: str) -> None:
    with pytest.raises(ValidationError):
        Settings(session_memory_alarm=alarm, session_memory_recycle=recycle)
