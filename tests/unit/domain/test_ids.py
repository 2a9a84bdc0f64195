from __future__ import annotations

import re
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from session_core.domain.ids import WaMessageId, is_chat_id, new_wa_key, parse_session_id, session_id

DIGITS = st.text("0123456789", min_size=5, max_size=20)
CHATS = st.builds("{}@{}".format, DIGITS, st.sampled_from(["c.us", "lid", "g.us", "s.whatsapp.net"]))
KEYS = st.text("0123456789ABCDEF", min_size=16, max_size=32)


@given(st.uuids(), st.uuids())
def test_a_session_id_goes_there_and_back(user_id: UUID, account_id: UUID) -> None:
    text = session_id(user_id, account_id)
    assert text == f"user_{user_id}_wa_{account_id}"
    assert parse_session_id(text) == (user_id, account_id)


A, B = "11111111-1111-4111-8111-111111111111", "22222222-2222-4222-8222-222222222222"


@pytest.mark.parametrize(
    "value",
    [
        None,
        7,
        b"user",
        "",
        "user__wa_",
        f"user_{A}_wa_{B}\n",
        f" user_{A}_wa_{B}",
        f"user_{A}_wa_{B}_x",
        f"user_{A.replace('1', 'g')}_wa_{B}",
        f"user_{A.replace('-', '')}----_wa_{B}",
        f"user_{'-' * 36}_wa_{B}",
        f"USER_{A}_WA_{B}",
        {"user": A},
    ],
)
def test_what_is_no_session_id(value: object) -> None:
    assert parse_session_id(value) is None


@given(st.text())
def test_no_text_breaks_the_reader(text: str) -> None:
    parsed = parse_session_id(text)
    assert parsed is None or session_id(*parsed) == text


def test_message_ids_look_like_whatsapps_and_are_all_different() -> None:
    made = {new_wa_key() for _ in range(500)}
    assert len(made) == 500
    assert all(re.fullmatch(r"3EB0[0-9A-F]{18}", key) for key in made)


@given(CHATS)
def test_chats_are_known(chat: str) -> None:
    assert is_chat_id(chat)
    assert len(chat) <= 64  # what the column holds


@pytest.mark.parametrize(
    "text",
    [
        "",
        "@c.us",
        "1234@c.us",
        "34612345678",
        "34612345678@c.us\n",
        "34612345678@c.us ",
        "34612345678@C.US",
        "34612345678@cxus",
        "٣٤٦١٢٣٤٥٦٧٨@c.us",
        "status@broadcast",
        "34612345678-@g.us",
        "34612345678-" + "1" * 21 + "@g.us",
        "1" * 21 + "@c.us",
    ],
)
def test_what_is_no_chat(text: str) -> None:
    assert not is_chat_id(text)


@given(st.booleans(), CHATS, KEYS, st.none() | CHATS)
def test_a_message_id_goes_there_and_back(from_me: bool, chat: str, key: str, participant: str | None) -> None:
    made = WaMessageId(from_me, chat, key, participant)
    assert WaMessageId.parse(str(made)) == made


def test_the_parts_of_a_message_id() -> None:
    direct = WaMessageId.parse("true_34612345678@c.us_3EB0AA")
    assert direct == WaMessageId(True, "34612345678@c.us", "3EB0AA")
    group = WaMessageId.parse("false_120363@g.us_3EB0AA_123456@lid")
    assert group == WaMessageId(False, "120363@g.us", "3EB0AA", "123456@lid")


@pytest.mark.parametrize(
    "text", ["", "3EB0AA", "true_3EB0AA", "maybe_1@c.us_3EB0", "True_1@c.us_3EB0", str(UUID(int=7))]
)
def test_what_is_no_message_id(text: str) -> None:
    assert WaMessageId.parse(text) is None


@given(st.text())
def test_no_text_breaks_the_reader_of_message_ids(text: str) -> None:
    parsed = WaMessageId.parse(text)
    assert parsed is None or str(parsed).rstrip("_") == text.rstrip("_")
