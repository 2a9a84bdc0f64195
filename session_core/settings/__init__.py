"""All settings, read from the environment and from ``.env``. Nothing has to be set."""

from __future__ import annotations

import hashlib
import os
import re
import shlex
import tempfile
from datetime import timedelta
from functools import lru_cache
from pathlib import Path
from typing import Literal
from urllib.parse import urlsplit

from pydantic import (
    Field,
    SecretStr,
    ValidationError,
    ValidationInfo,
    field_validator,
)
from pydantic_settings import BaseSettings, SettingsConfigDict

from session_core.domain.backup_keys import parse_keys
from session_core.domain.resources import LEAST_AGE
from session_core.errors import FatalError
from session_core.settings.access import AccessSettings
from session_core.settings.media import MediaSettings
from session_core.settings.values import ADDRESS, Duration, Size, env, mailbox, origin_of
from session_core.settings.webhooks import WebhookSettings
from session_core.settings.workers import WorkerSettings

_LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})

MAX_SOCKET_PATH = 100
"""Bytes. The kernel allows 107 (Linux) or 103 (macOS) for the path of a Unix socket."""


class Settings(AccessSettings, MediaSettings, WebhookSettings, WorkerSettings, BaseSettings):
    """Every setting of every process. The variable is ``WHAHOOK_`` + the name, unless an alias says otherwise."""

    model_config = SettingsConfigDict(
        env_prefix="WHAHOOK_",
        # Tests point it at nothing, so that a developer's own .env changes none of them.
        env_file=os.environ.get("WHAHOOK_ENV_FILE", ".env"),
        extra="ignore",
        env_ignore_empty=True,
        populate_by_name=True,
    )

    # Where things are
    data_dir: Path = Path("data")
    sessions_dir: Path | None = None
    database_url_setting: str | None = Field(default=None, validation_alias=env("DATABASE_URL"))
    redis_url_setting: str | None = Field(default=None, validation_alias=env("REDIS_URL"))

    # The page and the API
    host: str = "127.0.0.1"
    port: int = Field(default=8000, ge=1, le=65535)
    public_url_setting: str | None = Field(default=None, validation_alias=env("WHAHOOK_PUBLIC_URL"))
    trusted_proxy_hops: int = Field(default=0, ge=0, le=5)
    sign_up: Literal["open", "closed"] = "open"
    login_lifetime: Duration = timedelta(days=30)
    metrics_token: SecretStr | None = Field(default=None, description="opens /metrics; without one there is none")

    # Logs
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = "INFO"
    log_format: Literal["auto", "console", "json"] = "auto"

    # WhatsApp Web and the browsers
    whatsapp_url: str = "https://web.whatsapp.com/"
    chromium_path: Path | None = Field(default=None, validation_alias=env("CHROMIUM_PATH"))
    chromium_args_setting: str = Field(default="", validation_alias=env("WHAHOOK_CHROMIUM_ARGS"))
    chromium_sandbox: Literal["auto", "on", "off"] = "auto"
    user_agent: str | None = None
    on_conflict: Literal["ask", "take_over"] = "ask"
    presence: Literal["available", "leave"] = "available"
    host_name: str | None = Field(default=None, max_length=60, pattern=r"^[^\x00-\x1f\x7f]+$")
    max_sessions: int = Field(default=0, ge=0, description="0: as many as memory allows, at 350 MB each")
    session_memory_alarm: Size = 600 * 1024**2
    session_memory_recycle: Size = 800 * 1024**2
    session_recycle_age: Duration = Field(default=LEAST_AGE, description="a younger browser is not recycled")
    lease: Duration = Field(default=timedelta(seconds=15), description="how long a silent host keeps its accounts")
    start_concurrency: int = Field(default_factory=lambda: os.cpu_count() or 1, ge=1, le=64)

    # The sandbox: a WhatsApp Web with simulated phones
    sandbox: Literal["on", "off"] = "on"
    sandbox_host: str = "127.0.0.1"
    sandbox_port: int = Field(default=8100, ge=1, le=65535)
    sandbox_https_port: int = Field(default=8143, ge=1, le=65535)

    # Sending
    messages_per_account: int = Field(default=10, ge=1, description="per rate window (seed: 10 a minute)")
    messages_per_user: int = Field(default=30, ge=1, description="per rate window (seed: 30 a minute)")
    rate_window: Duration = timedelta(minutes=1)
    duplicate_window: Duration = timedelta(minutes=10)
    reply_window: Duration = Field(default=timedelta(minutes=5), description="so long one can answer before others")
    reach_out_pause: Duration = Field(
        default=timedelta(hours=1), description="without new chats when WhatsApp refuses one and says not for how long"
    )
    send_timeout: Duration = timedelta(seconds=30)

    # Backups of logins
    backup_every: Duration = timedelta(hours=6)
    backup_dir: Path | None = None
    backup_keys: SecretStr | None = Field(default=None, description="id:base64,id2:base64; the first one encrypts")
    backup_bucket: str = Field(default="whahook-backups", pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,62}$")
    supabase_url: str | None = Field(default=None, validation_alias=env("SUPABASE_URL"))
    supabase_service_role_key: SecretStr | None = Field(default=None, validation_alias=env("SUPABASE_SERVICE_ROLE_KEY"))

    # Alerts, and the e-mail that they are sent by
    alert_down_after: Duration = timedelta(minutes=5)
    alert_quiet: Duration = timedelta(minutes=30)
    smtp_host: str | None = Field(default=None, validation_alias=env("SMTP_HOST"))
    smtp_port: int = Field(default=587, ge=1, le=65535, validation_alias=env("SMTP_PORT"))
    smtp_starttls: Literal["on", "off"] = Field(default="on", validation_alias=env("SMTP_STARTTLS"))
    smtp_tls: Literal["on", "off"] = Field(default="off", validation_alias=env("SMTP_TLS"))
    smtp_username: str | None = Field(default=None, validation_alias=env("SMTP_USERNAME"))
    smtp_password: SecretStr | None = Field(default=None, validation_alias=env("SMTP_PASSWORD"))
    smtp_from_setting: str | None = Field(default=None, validation_alias=env("SMTP_FROM"))

    @field_validator("backup_keys")
    @classmethod
    def _readable_keys(cls, value: SecretStr | None) -> SecretStr | None:
        if value is not None:
            parse_keys(value.get_secret_value())
        return value

    @field_validator("whatsapp_url", "public_url_setting", "supabase_url")
    @classmethod
    def _http_url(cls, value: str | None) -> str | None:
        if value is not None and not re.match(r"^https?://[^/\s]+", value):
            raise ValueError("must be an http:// or https:// address")
        if value is not None:
            origin_of(value)  # a port that is no number
        return value

    @field_validator("database_url_setting")
    @classmethod
    def _known_database(cls, value: str | None) -> str | None:
        if value is not None and not re.match(r"^(postgres(ql)?(\+asyncpg)?|sqlite(\+aiosqlite)?)://", value):
            raise ValueError("must start with postgresql:// or sqlite://")
        if value is not None:
            from sqlalchemy import make_url
            from sqlalchemy.exc import ArgumentError

            try:
                make_url(value)
            except (ArgumentError, ValueError):
                # The library's words may repeat a part of the password.
                raise ValueError("is not like postgresql://user:password@host:5432/database") from None
        return value

    @field_validator("redis_url_setting")
    @classmethod
    def _known_redis(cls, value: str | None) -> str | None:
        if value is not None and not re.match(r"^(rediss?|unix)://", value):
            raise ValueError("must start with redis://, rediss:// or unix://")
        if value is not None:
            try:
                _ = urlsplit(value).port
            except ValueError:
                raise ValueError(
                    "is not like redis://:password@host:6379/0; in a password, # is %23 and / is %2F"
                ) from None
        return value

    @field_validator("session_memory_recycle")
    @classmethod
    def _above_the_alarm(cls, value: int, info: ValidationInfo) -> int:
        if value < info.data.get("session_memory_alarm", 0):
            raise ValueError("must not be below WHAHOOK_SESSION_MEMORY_ALARM")
        return value

    @field_validator("smtp_host")
    @classmethod
    def _bare_host(cls, value: str | None) -> str | None:
        if value is not None and not re.fullmatch(r"[A-Za-z0-9._:-]+", value):
            raise ValueError("must be a host's name or address, without a scheme")
        return value

    @field_validator("smtp_password")
    @classmethod
    def _only_encrypted(cls, value: SecretStr | None, info: ValidationInfo) -> SecretStr | None:
        encrypted = "on" in {info.data.get("smtp_starttls"), info.data.get("smtp_tls")}
        if value is not None and not encrypted and info.data.get("smtp_host") not in {*_LOOPBACK, None}:
            raise ValueError("is not sent without encryption: set SMTP_STARTTLS=on or SMTP_TLS=on")
        return value

    @field_validator("smtp_from_setting")
    @classmethod
    def _onemailbox(cls, value: str | None) -> str | None:
        if value is not None:
            mailbox(value)
        return value

    @field_validator("chromium_args_setting")
    @classmethod
    def _splits_like_a_shell(cls, value: str) -> str:
        shlex.split(value)
        return value

    @property
    def database_url(self) -> str:
        """SQLAlchemy URL with the async driver in it."""
        url = self.database_url_setting or f"sqlite:///{self.data_dir.absolute() / 'whahook.db'}"
        url = re.sub(r"^postgres(ql)?(\+asyncpg)?://", "postgresql+asyncpg://", url)
        return re.sub(r"^sqlite(\+aiosqlite)?://", "sqlite+aiosqlite://", url)

    @property
    def embedded_valkey(self) -> bool:
        """True when we run our own Valkey because no ``REDIS_URL`` is set."""
        return self.redis_url_setting is None

    @property
    def valkey_socket(self) -> Path:
        """Unix socket of the embedded Valkey; a short path under the temp folder when the data folder's is too long."""
        path = self.data_dir.absolute() / "valkey" / "valkey.sock"
        if len(os.fsencode(path)) <= MAX_SOCKET_PATH:
            return path
        digest = hashlib.sha256(os.fsencode(path)).hexdigest()[:12]
        return Path(tempfile.gettempdir()) / f"whahook-{os.getuid()}-{digest}" / "valkey.sock"

    @property
    def redis_url(self) -> str:
        """URL for redis-py and RQ."""
        return self.redis_url_setting or f"unix://{self.valkey_socket}"

    @property
    def whatsapp_sessions_dir(self) -> Path:
        """One browser profile folder per account lives here (seed: ``/data/whatsapp-sessions`` in production)."""
        return (self.sessions_dir or self.data_dir / "whatsapp-sessions").absolute()

    @property
    def backups_dir(self) -> Path:
        """Backups lie here, unless they go to Supabase."""
        return (self.backup_dir or self.data_dir / "backups").absolute()

    @property
    def media_files_dir(self) -> Path:
        """Files of messages lie here, unless they go to Supabase; what is being taken in always does."""
        return (self.media_dir or self.data_dir / "media").absolute()

    @property
    def backup_keys_text(self) -> str | None:
        """The keys of the backups as they were written; None: a key file in the data folder."""
        return None if self.backup_keys is None else self.backup_keys.get_secret_value()

    @property
    def public_url(self) -> str:
        """Address that people open, without a slash at the end."""
        host = "localhost" if self.host in {"127.0.0.1", "0.0.0.0", "::", "::1"} else self.host  # noqa: S104
        return (self.public_url_setting or f"http://{host}:{self.port}").rstrip("/")

    @property
    def own_origins(self) -> list[str]:
        """Origins whose pages may talk to us with a login: the public address, and this machine itself."""
        local = [f"http://localhost:{self.port}", f"http://127.0.0.1:{self.port}"]
        return list(dict.fromkeys([origin_of(self.public_url), *local]))

    @property
    def mail_enabled(self) -> bool:
        """Whether alerts are sent by e-mail."""
        return self.smtp_host is not None

    @property
    def smtp_from(self) -> tuple[str, str]:
        """Who the e-mails are from: name and address, as `email.headerregistry.Address` takes them."""
        if self.smtp_from_setting is not None:
            return mailbox(self.smtp_from_setting)
        if self.smtp_username is not None and ADDRESS.fullmatch(self.smtp_username):
            return "WhaHook", self.smtp_username
        return "WhaHook", f"whahook@{urlsplit(self.public_url).hostname}"

    @property
    def chromium_args(self) -> list[str]:
        """Further Chromium switches, split as a shell splits words."""
        return shlex.split(self.chromium_args_setting)

    @property
    def sandbox_enabled(self) -> bool:
        """Whether accounts on the sandbox are offered."""
        return self.sandbox == "on"

    @property
    def sandbox_url(self) -> str:
        """Address of the sandbox's WhatsApp Web."""
        return f"http://{self.sandbox_host}:{self.sandbox_port}/"

    @property
    def json_logs(self) -> bool | None:
        """What `session_core.log.setup_logging` takes: None decides by the terminal."""
        return None if self.log_format == "auto" else self.log_format == "json"


def load_settings() -> Settings:
    """Read the settings.

    Raises:
        FatalError: a value is wrong; the message is one line that names the variable.
    """
    try:
        return Settings()
    except ValidationError as error:
        first = error.errors()[0]
        variable = _variable(str(first["loc"][0]))
        # An address can carry a password, so its value is not repeated.
        shown = "" if variable.endswith(("_URL", "_PASSWORD", "_KEY", "_KEYS")) else f" (got {first['input']!r})"
        reason = first["msg"].removeprefix("Value error, ")
        raise FatalError(f"{variable}: {reason}{shown}", code="bad_setting") from None


def _variable(field_or_alias: str) -> str:
    field = Settings.model_fields.get(field_or_alias)
    if field is not None and field.validation_alias is None:
        return f"WHAHOOK_{field_or_alias.upper()}"
    return field_or_alias


@lru_cache(maxsize=1)
def get_settings() -> Settings:
    """Return the settings of this process, read once."""
    return load_settings()
