import json
import re

from session_core.sandbox import heavy


def test_a_bundle_is_the_same_every_time_and_has_its_size() -> None:
    first = heavy.bundle(3)
    heavy.bundle.cache_clear()
    assert heavy.bundle(3) == first
    assert heavy.BUNDLE_BYTES < len(first) < heavy.BUNDLE_BYTES * 1.1


def test_no_module_is_in_two_bundles() -> None:
    names = [re.findall(rb'__d\("(\w+)"', heavy.bundle(number)) for number in (0, 1)]
    everything = [name for found in names for name in found]
    assert len(everything) > 600
    assert len(set(everything)) == len(everything)


def test_some_sixty_percent_of_a_bundle_run_at_once() -> None:
    text = heavy.bundle(2).decode()
    eager = json.loads(text.rpartition(".push(")[2].removesuffix(");"))
    assert 0.55 < len(eager) / text.count("__d(") < 0.65


def test_history_is_whole() -> None:
    chats = json.loads(heavy.history())
    assert len(chats) == heavy.CHATS
    ids = {message["id"] for chat in chats for message in chat["messages"]}
    assert len(ids) == heavy.CHATS * heavy.MESSAGES_PER_CHAT
    for chat in chats:
        times = [message["t"] for message in chat["messages"]]
        assert times == sorted(times)
