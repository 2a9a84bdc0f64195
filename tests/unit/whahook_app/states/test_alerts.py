"""What the form of the alerts says."""

from __future__ import annotations

from datetime import time
from typing import Any

import pytest

from session_core.domain.alerts import AlertKind
from session_core.errors import PolicyError
from whahook_app.states.alerts import wanted_preferences

ALL = {f"kind-{kind.value}": "on" for kind in AlertKind}
HOURS = {"quiet": "on", "start": "22:00", "until": "07:30", "zone": " Europe/Madrid "}


def test_boxes_that_are_not_ticked_are_not_sent_by_browsers() -> None:
    wanted = wanted_preferences({"language": "en", f"kind-{AlertKind.DOWN.value}": "on"})
    assert (wanted.language, wanted.quiet_hours) == ("en", None)
    assert set(AlertKind) - wanted.off == {AlertKind.DOWN}


def test_hours_count_only_when_they_are_wanted() -> None:
    assert wanted_preferences({"language": "es"} | ALL | HOURS | {"quiet": ""}).quiet_hours is None
    hours = wanted_preferences({"language": "es"} | ALL | HOURS).quiet_hours
    assert hours is not None
    assert (hours.start, hours.until, hours.time_zone) == (time(22), time(7, 30), "Europe/Madrid")


@pytest.mark.parametrize(
    "mistake",
    [{"start": ""}, {"until": "22:00"}, {"zone": "Mars/North"}, {"zone": "../../etc/passwd"}, {"start": {"a": 1}}],
)
def test_hours_that_make_no_sense_are_refused(mistake: dict[str, Any]) -> None:
    with pytest.raises(PolicyError) as refused:
        wanted_preferences({"language": "es"} | ALL | HOURS | mistake)
    assert refused.value.code == "bad_quiet_hours"


@pytest.mark.parametrize("form", [None, "form", {}, {"language": "fr"}, {"language": ["es"]}])
def test_no_form_is_no_wish(form: object) -> None:
    with pytest.raises(PolicyError):
        wanted_preferences(form)
