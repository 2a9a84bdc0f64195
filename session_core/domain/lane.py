"""What can hold a lane, or one message in it, back; and until when."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

from pydantic import BaseModel, ConfigDict


class HoldCode(StrEnum):
    """Why a message does not go out now."""

    SCHEDULED = "scheduled"
    ACCOUNT_LIMIT = "account_limit"
    USER_LIMIT = "user_limit"
    LIMITER_MEMORY = "limiter_memory"
    PACE = "pace"
    DAILY_CAP = "daily_cap"
    QUIET_HOURS = "quiet_hours"
    REACH_OUT = "reach_out"
    TRY_AGAIN = "try_again"
    CHECKING = "checking"
    NOT_READY = "not_ready"


class Hold(BaseModel):
    """Why it waits, and until about when; None: until somebody connects the account."""

    model_config = ConfigDict(frozen=True)

    code: HoldCode
    until: datetime | None = None
