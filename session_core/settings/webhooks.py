"""Settings of the webhooks."""

from __future__ import annotations

from datetime import timedelta
from typing import Literal

from pydantic import Field, SecretStr, field_validator
from pydantic_settings import BaseSettings

from session_core.domain.backup_keys import parse_keys
from session_core.settings.values import Duration


class WebhookSettings(BaseSettings):
    """How events are delivered to the endpoints of users."""

    webhook_private_targets: Literal["refuse", "allow"] = "refuse"
    webhook_timeout: Duration = timedelta(seconds=10)
    webhook_retry_for: Duration = timedelta(hours=24)
    webhook_off_after: Duration = timedelta(days=3)
    webhook_kept_for: Duration = timedelta(days=30)
    webhook_keys: SecretStr | None = Field(default=None, description="id:base64,id2:base64; the first one encrypts")

    @field_validator("webhook_keys")
    @classmethod
    def _readable_webhook_keys(cls, value: SecretStr | None) -> SecretStr | None:
        if value is not None:
            parse_keys(value.get_secret_value())
        return value

    @property
    def webhook_keys_text(self) -> str | None:
        """The keys that encrypt the secrets of endpoints, as written; None: a key file in the data folder."""
        return None if self.webhook_keys is None else self.webhook_keys.get_secret_value()
