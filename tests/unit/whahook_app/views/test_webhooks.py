from __future__ import annotations

from typing import Any
from uuid import UUID

import pytest

from session_core.domain.webhooks import AttemptView, DeliveryStatus, DeliveryView, EndpointView, OffReason, Problem
from tests.factories import T0
from whahook_app.components.webhooks import _STATES
from whahook_app.i18n import TEXTS
from whahook_app.views.webhooks import STATES, attempt_rows, delivery_row, hook_row, state_of

SHOP, GONE = UUID(int=1), UUID(int=2)
NAMES = {SHOP: "Shop"}


def endpoint(**values: Any) -> EndpointView:
    return EndpointView(
        **{
            "id": UUID(int=9),
            "name": "Orders",
            "url": "https://example.org",
            "events": ["*"],
            "account_ids": None,
            "enabled": True,
            "off_reason": OffReason.NONE,
            "off_at": None,
            "failing_since": None,
            "last_success_at": None,
            "old_secret_until": None,
            "pending": 0,
            "created_at": T0,
            **values,
        }
    )


@pytest.mark.parametrize(
    ("values", "state", "since"),
    [
        ({}, "on", ""),
        ({"failing_since": T0}, "failing", T0.isoformat()),
        ({"enabled": False, "off_reason": OffReason.OWNER, "off_at": T0}, "off_owner", T0.isoformat()),
        ({"enabled": False, "off_reason": OffReason.FAILING, "off_at": T0}, "off_failing", T0.isoformat()),
        ({"enabled": False, "off_reason": OffReason.GONE, "off_at": T0}, "off_gone", T0.isoformat()),
    ],
)
def test_the_state_and_since_when(values: dict[str, Any], state: str, since: str) -> None:
    row = hook_row(endpoint(**values), NAMES)
    assert (row.state, row.since) == (state, since)
    assert state_of(endpoint(**values)) == state


def test_every_state_and_problem_has_its_words() -> None:
    assert set(STATES) == set(_STATES)
    for language, texts in TEXTS.items():
        for state in STATES:
            assert f"webhooks.state.{state}" in texts, language
        for problem in set(Problem) - {Problem.NONE}:
            assert f"webhooks.problem.{problem.value}" in texts, language


def test_all_is_empty_and_some_are_named() -> None:
    assert (hook_row(endpoint(), NAMES).events, hook_row(endpoint(), NAMES).accounts) == ("", "")
    row = hook_row(endpoint(events=["message.*", "session.status"], account_ids=[SHOP, GONE]), NAMES)
    assert (row.events, row.accounts) == ("message.*, session.status", "Shop, —")


def test_a_delivery_and_its_tries() -> None:
    attempts = [
        AttemptView(at=T0, duration_ms=5, status_code=None, problem=Problem.TIMEOUT, response=""),
        AttemptView(at=T0, duration_ms=7, status_code=200, problem=Problem.NONE, response="ok"),
    ]
    view = DeliveryView(
        id=3,
        endpoint_id=UUID(int=9),
        account_id=SHOP,
        event_id=UUID(int=4),
        event_type="message.sent",
        cursor=None,
        status=DeliveryStatus.PENDING,
        replay=False,
        tries=2,
        created_at=T0,
        done_at=None,
        next_try_at=T0,
        last_status_code=None,
        last_problem=Problem.TIMEOUT,
    )
    row = delivery_row(view, NAMES)
    assert (row.id, row.account, row.cursor, row.code, row.waits) == ("3", "Shop", "", "", True)
    assert [(each.code, each.duration) for each in attempt_rows(attempts)] == [("200", "7 ms"), ("", "5 ms")]
