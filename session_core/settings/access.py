"""Settings of who may try how often to get in."""

from __future__ import annotations

from datetime import timedelta

from pydantic import Field
from pydantic_settings import BaseSettings

from session_core.settings.values import Duration


class AccessSettings(BaseSettings):
    """Limits by the client's address alone, beside the lockout by address and e-mail."""

    sign_ins_per_address: int = Field(default=100, ge=0, description="per window, right or wrong; 0: no limit")
    sign_in_window: Duration = timedelta(minutes=15)
    sign_ups_per_address: int = Field(default=20, ge=0, description="per window; 0: no limit")
    sign_up_window: Duration = timedelta(hours=1)
