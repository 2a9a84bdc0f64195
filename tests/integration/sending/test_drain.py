from session_core.sending.drain import drain_lane
from tests.fakes.hosts import RecordingHost
from tests.integration.sending.lanes import *


async def test_smoke(core):
    account_id = await ready_account(core)
    texts = await fill(core, account_id, 5)
    host = await RecordingHost(core).run(account_id)
    import time

    t = time.monotonic()
    assert await drain_lane(core, account_id) == 5
    print(time.monotonic() - t)
    assert host.texts == texts
    await host.stop()
