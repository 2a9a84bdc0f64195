from __future__ import annotations

import json

import pytest

from session_core.errors import (
    Conflict,
    FatalError,
    LoginRequired,
    NotFound,
    PolicyError,
    TransientError,
    Unauthenticated,
    WhahookError,
)
from whahook_app.api.problems import from_error, unknown_error


@pytest.mark.parametrize(
    ("error", "status", "code"),
    [
        (TransientError("Later."), 503, "try_again"),
        (LoginRequired("Scan again."), 409, "login_required"),
        (FatalError("The disk is full.", code="disk_full"), 500, "disk_full"),
        (PolicyError("No.", code="no", status_code=403), 403, "no"),
        (NotFound("account"), 404, "account_not_found"),
        (Unauthenticated(), 401, "unauthenticated"),
        (Conflict("Twice.", code="twice", existing_id="7"), 409, "twice"),
    ],
)
def test_the_type_of_an_error_chooses_the_status(error: WhahookError, status: int, code: str) -> None:
    answer = from_error(error)
    body = json.loads(bytes(answer.body))
    assert answer.status_code == body["status"] == status
    assert body["code"] == code
    assert body["detail"] == error.message
    assert body.get("existingId") == getattr(error, "existing_id", None)
    assert ("retry-after" in answer.headers) is (status == 503)
    assert ("www-authenticate" in answer.headers) is (status == 401)


def test_what_nobody_expected_has_no_details() -> None:
    body = json.loads(bytes(unknown_error().body))
    assert (body["status"], body["code"]) == (500, "internal")
