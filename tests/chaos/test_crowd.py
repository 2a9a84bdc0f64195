"""Ten accounts on one host, whose process dies."""

from __future__ import annotations

import pytest

from tests.chaos import crowd
from tests.chaos.table import NOTES
from tests.servers.site import Site

pytestmark = [pytest.mark.slow, pytest.mark.timeout(900)]

STARTS = 2


async def test_ten_accounts_come_back_as_fast_as_their_starts_allow(site: Site) -> None:
    host = site.hosts[0]
    await host.stop()
    await host.start(WHAHOOK_START_CONCURRENCY=str(STARTS))
    found = await crowd.come_back(host, await crowd.linked(site, 10), STARTS)
    NOTES.append(str(found))
    assert found.seconds[-1] <= found.bound, str(found)
