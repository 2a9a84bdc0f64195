"""A webhook that is switched off: from the receiver's failures to the e-mail in its owner's hands."""

from __future__ import annotations

from datetime import timedelta

import pytest

from session_core.alerts.post import send
from session_core.core import Core
from session_core.domain.alerts import AlertKind, AlertPreferences, MailStatus
from session_core.services import alerts as service
from session_core.services import webhooks
from session_core.settings import Settings
from tests.integration.alerts.scene import alerts
from tests.integration.webhooks.scene import set_scene
from tests.servers.receiver import running_receiver
from tests.servers.smtp import MailServer


@pytest.fixture
def settings(settings: Settings) -> Settings:
    """The receiver is on this machine."""
    return settings.model_copy(update={"webhook_private_targets": "allow"})


@pytest.mark.parametrize("how", ["failing", "gone"])
async def test_its_owner_gets_one_email_that_says_what_to_do(core: Core, smtp: MailServer, how: str) -> None:
    async with set_scene(core) as scene, running_receiver() as receiver:
        await service.set_preferences(core, scene.user_id, AlertPreferences(language="en"))
        endpoint, secret = await scene.endpoint(receiver.url("/orders"), name="Orders", headers={"X-Token": "hunter2"})
        await scene.happen(scene.shop, "private words")
        receiver.always = 500 if how == "failing" else 410
        await scene.deliver_due()
        if how == "failing":
            await scene.age(timedelta(days=3, minutes=1))
            await scene.deliver_due()
        (alert,) = await alerts(core)
        assert (alert.kind, alert.mail) == (AlertKind.WEBHOOK_OFF, MailStatus.WAITING)
        assert await send(core, alert.id) == "sent"
        assert await send(core, alert.id) == "nothing to do"
        (message,) = smtp.taken
        assert "Orders" in str(message["Subject"])
        plain, html = (message.get_body((kind,)).get_content() for kind in ("plain", "html"))
        for text in (plain, html):
            assert "https://wa.example.org/webhooks" in text
            assert not [word for word in (secret, "hunter2", "private words", receiver.url("/orders")) if word in text]
        receiver.always = 200
        await webhooks.switch_on(core, scene.user_id, endpoint.id)
        await scene.deliver_all()
        assert [got.event["data"]["text"] for got in receiver.taken] == ["private words"]
        (alert,) = [each for each in await alerts(core) if each.kind is AlertKind.WEBHOOK_OFF]
        assert alert.resolved_at is not None
