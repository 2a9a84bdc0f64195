"""What changed while nobody listened is found, once."""

from __future__ import annotations

from datetime import UTC, datetime

from session_core.browser.chromium import Browsers
from session_core.domain.changes import PresenceState
from session_core.whatsapp.driver import (
    CallSeen,
    MessageEdited,
    MessageRevoked,
    MessageSeen,
    PresenceSeen,
    ReactionSeen,
    Ready,
    VoteSeen,
)
from tests.integration.whatsapp.conftest import Cockpit
from tests.integration.whatsapp.test_builds import IN_MAIN, PATIENCE
from tests.integration.whatsapp.test_loss import page_of
from tests.servers.sandbox import PhoneClient, RunningSandbox
from tests.waiting import eventually

EVA = "34611000001"
CHAT = f"{EVA}@c.us"
CHANGED = """() => typeof require === 'function' &&
    require('WAWebMsgCollection').MsgCollection.some((msg) => msg.type === 'revoked') &&
    require('WAWebMsgCollection').MsgCollection.some((msg) => msg.body === 'better')"""


async def test_edits_and_deletions_while_nobody_listened(
    cockpit: Cockpit, browsers: Browsers, ana: PhoneClient
) -> None:
    driver, told = await cockpit.link(ana)
    edited, revoked, kept = [(await ana.write(EVA, text))["id"] for text in ("worse", "secret", "kept")]
    await told.hear(MessageSeen, lambda event: event.text == "kept")
    await driver.close()
    # Another page takes the changes in, and nobody hears of it.
    since = datetime.now(UTC)
    await ana.edit(edited, "better")
    await ana.revoke(revoked)
    browser = await browsers.open(cockpit.profile)
    await browser.page.goto(cockpit.url)
    await browser.page.wait_for_function(CHANGED)
    await browser.close()

    driver, told = await cockpit.start(since=since)
    await told.hear(Ready)
    found = await told.hear(MessageRevoked)
    assert f"false_{CHAT}_{revoked}" in found.wa_message_ids
    news = await told.hear(MessageEdited)
    assert (news.wa_message_id, news.text) == (f"false_{CHAT}_{edited}", "better")
    await ana.write(EVA, "after")
    await told.hear(MessageSeen, lambda event: event.text == "after")
    driver._tracker.sweep_due = True
    await driver._tend()
    assert (len(told.all(MessageRevoked)), len(told.all(MessageEdited))) == (1, 1)
    assert not told.all(MessageSeen, lambda event: kept in event.wa_message_id and not event.replayed)


POLL = {
    "pollName": "When?",
    "pollOptions": [{"name": "now", "localId": 0}, {"name": "later", "localId": 1}],
    "pollSelectableOptionsCount": 1,
}
NO_TABLE = "() => delete require('WAWebAddonReactionTableMode').reactionTableMode.bulkGetByParentMsgKey"


async def test_reactions_and_votes_while_nobody_listened(
    cockpit: Cockpit, browsers: Browsers, ana: PhoneClient
) -> None:
    driver, told = await cockpit.link(ana)
    fresh, changed, taken = [(await ana.write(EVA, text))["id"] for text in ("fresh", "changed", "taken")]
    poll = (await ana.write(EVA, "", type="poll_creation", content=POLL))["id"]
    for message in (changed, taken):
        await ana.react(EVA, message, "👍")
        await told.hear(ReactionSeen, lambda event, id_=message: event.wa_message_id == f"false_{CHAT}_{id_}")
    await driver.close()
    # Another page takes it in, and nobody hears of it.
    since = datetime.now(UTC)
    await ana.react(EVA, fresh, "🎉")
    await ana.react(EVA, changed, "❤️")
    await ana.react(EVA, taken, "")
    await ana.vote(EVA, poll, "later")
    browser = await browsers.open(cockpit.profile)
    await browser.page.goto(cockpit.url)
    await eventually(lambda: _is_taken_in(ana))
    await browser.close()

    driver, told = await cockpit.start(since=since)
    vote = await told.hear(VoteSeen)
    assert (vote.wa_message_id, vote.voter, vote.options) == (f"false_{CHAT}_{poll}", CHAT, ("later",))
    assert vote.replayed
    expected = {(f"false_{CHAT}_{id_}", emoji) for id_, emoji in ((fresh, "🎉"), (changed, "❤️"), (taken, ""))}
    found = told.all(ReactionSeen)
    assert {(one.wa_message_id, one.emoji) for one in found} == expected
    assert all(one.replayed and one.sender == CHAT and not one.from_me for one in found)
    # Looked for again nothing is news; where the table cannot be read, wa-js tells what is there.
    driver._tracker.sweep_due = True
    await driver._tend()
    assert (len(told.all(ReactionSeen)), len(told.all(VoteSeen))) == (3, 1)
    page = driver._open_page()
    assert page is not None
    await page.evaluate(NO_TABLE)
    driver._sweeper._changed = ("", set())
    told.mark()
    driver._tracker.sweep_due = True
    await driver._tend()
    await told.hear(VoteSeen)
    assert {(one.wa_message_id, one.emoji) for one in told.all(ReactionSeen)} == {one for one in expected if one[1]}


async def _is_taken_in(phone: PhoneClient) -> bool:
    """Tell whether the phone's device has everything that waited for it."""
    [device] = (await phone.view())["devices"]
    return device["connected"] and device["pending"] == 0


async def test_people_in_moved_chats_have_their_numbers(
    cockpit: Cockpit, sandbox: RunningSandbox, ana: PhoneClient
) -> None:
    await sandbox.config(lid=True)
    driver, told = await cockpit.link(ana)
    await ana.write(EVA, "hola")
    seen = await told.hear(MessageSeen)
    assert (seen.chat_id.endswith("@lid"), seen.kept_as) == (True, CHAT)
    # What is told before wa-js is there cannot know the number.
    await eventually(lambda: page_of(driver).evaluate(IN_MAIN), PATIENCE)
    await driver.watch(seen.chat_id)
    await ana.presence(EVA, "composing")
    presence = await told.hear(PresenceSeen)
    assert (presence.chat_id, presence.state) == (CHAT, PresenceState.TYPING)
    await ana.call(EVA)
    assert (await told.hear(CallSeen)).caller == CHAT
