from __future__ import annotations

from datetime import timedelta
from uuid import UUID

from session_core.sending.limiter import Limits, Permit, member_of
from session_core.sending.policy import row_lease
from session_core.settings import Settings

USER = UUID(int=1)
ACCOUNT = UUID(int=2)


def test_the_limits_are_those_of_the_settings_and_the_lease_outlives_the_row() -> None:
    settings = Settings(messages_per_account=3, messages_per_user=4, rate_window=timedelta(seconds=7))
    limits = Limits.of(settings)
    assert (limits.per_account, limits.per_user, limits.window) == (3, 4, timedelta(seconds=7))
    assert limits.lease > row_lease(settings.send_timeout) > settings.send_timeout


def test_all_rules_of_a_user_share_a_hash_tag() -> None:
    assert all(f"{{{USER}}}" in key for key in Permit(USER, ACCOUNT, "m").keys)


def test_each_try_has_a_name_of_its_own() -> None:
    assert member_of(ACCOUNT, "one") != member_of(ACCOUNT, "two")
