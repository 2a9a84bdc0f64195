from __future__ import annotations

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


@pytest.mark.parametrize(
    ("error", "code", "status"),
    [
        (PolicyError("No."), "refused", 400),
        (PolicyError("No.", code="no", status_code=422), "no", 422),
        (NotFound(), "resource_not_found", 404),
        (NotFound("account"), "account_not_found", 404),
        (Unauthenticated(), "unauthenticated", 401),
        (Conflict("No.", code="taken"), "taken", 409),
    ],
)
def test_a_refusal_carries_its_status(error: PolicyError, code: str, status: int) -> None:
    assert (error.code, error.status_code) == (code, status)
    assert isinstance(error, WhahookError)


@pytest.mark.parametrize(
    ("kind", "code"),
    [(TransientError, "try_again"), (LoginRequired, "login_required"), (FatalError, "fatal"), (WhahookError, "error")],
)
def test_an_error_is_its_message(kind: type[WhahookError], code: str) -> None:
    error = kind("One plain sentence.")
    assert str(error) == error.message == "One plain sentence."
    assert (error.code, error.action) == (code, "")
    assert kind("x", code="own", action="Do this.").code == "own"


def test_the_types_that_choose_what_happens_next_are_apart() -> None:
    kinds = [TransientError, LoginRequired, FatalError, PolicyError]
    for kind in kinds:
        assert [other for other in kinds if issubclass(kind, other)] == [kind]


def test_a_conflict_names_what_is_in_the_way() -> None:
    assert Conflict("No.", code="taken", existing_id="7").existing_id == "7"
    assert Conflict("No.", code="taken").existing_id is None
