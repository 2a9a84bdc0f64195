from __future__ import annotations

import pytest

from whahook_app.api.v1.history import safe_cell


@pytest.mark.parametrize("text", ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1"], ids=range(6))
def test_what_a_spreadsheet_would_run_is_a_text(text: str) -> None:
    assert safe_cell(text) == f"'{text}"


@pytest.mark.parametrize(
    ("value", "cell"),
    [(None, ""), (True, "true"), (5, "5"), ("a=b", "a=b"), ("34612345678@c.us", "34612345678@c.us"), ("", "")],
    ids=range(6),
)
def test_other_values_stay_as_they_are(value: object, cell: str) -> None:
    assert safe_cell(value) == cell
