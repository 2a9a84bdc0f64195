"""What can be said about the mail server, and what is refused."""

from __future__ import annotations

import pytest

from session_core.errors import FatalError
from session_core.settings import Settings, load_settings


def settings(monkeypatch: pytest.MonkeyPatch, **variables: str) -> Settings:
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    return load_settings()


def refusal(monkeypatch: pytest.MonkeyPatch, **variables: str) -> str:
    with pytest.raises(FatalError) as caught:
        settings(monkeypatch, **variables)
    return caught.value.message


def test_nothing_set_means_no_mail(monkeypatch: pytest.MonkeyPatch) -> None:
    assert not settings(monkeypatch).mail_enabled


def test_a_host_is_enough(monkeypatch: pytest.MonkeyPatch) -> None:
    found = settings(monkeypatch, SMTP_HOST="smtp.example.org", WHAHOOK_PUBLIC_URL="https://wa.example.org:8443/x")
    assert found.mail_enabled
    assert (found.smtp_port, found.smtp_starttls, found.smtp_tls) == (587, "on", "off")
    assert found.smtp_from == ("WhaHook", "whahook@wa.example.org")


@pytest.mark.parametrize(
    ("variables", "sender"),
    [
        ({"SMTP_FROM": "alerts@example.org"}, ("WhaHook", "alerts@example.org")),
        ({"SMTP_FROM": "Avisos Ñ <alerts@example.org>"}, ("Avisos Ñ", "alerts@example.org")),
        ({"SMTP_USERNAME": "me@example.org"}, ("WhaHook", "me@example.org")),
        ({"SMTP_USERNAME": "apikey"}, ("WhaHook", "whahook@localhost")),
    ],
)
def test_who_the_mails_are_from(
    monkeypatch: pytest.MonkeyPatch, variables: dict[str, str], sender: tuple[str, str]
) -> None:
    assert settings(monkeypatch, **variables).smtp_from == sender


@pytest.mark.parametrize("value", ["WhaHook", "a@b\nBcc: c@d", "A\x01 <a@example.org>", "a@example.org, c@example.org"])
def test_a_sender_that_is_no_mailbox_is_refused(monkeypatch: pytest.MonkeyPatch, value: str) -> None:
    assert refusal(monkeypatch, SMTP_FROM=value).startswith("SMTP_FROM: must be like")


@pytest.mark.parametrize("value", ["smtp://mail.example.org", "mail example", "mail.example.org/x"])
def test_a_host_has_no_scheme(monkeypatch: pytest.MonkeyPatch, value: str) -> None:
    assert refusal(monkeypatch, SMTP_HOST=value).startswith("SMTP_HOST: ")


def test_a_password_is_neither_sent_in_the_clear_nor_repeated(monkeypatch: pytest.MonkeyPatch) -> None:
    message = refusal(monkeypatch, SMTP_HOST="mail.example.org", SMTP_STARTTLS="off", SMTP_PASSWORD="hunter2")
    assert message.startswith("SMTP_PASSWORD: is not sent without encryption")
    assert "hunter2" not in message


@pytest.mark.parametrize(
    "variables",
    [
        {"SMTP_HOST": "localhost", "SMTP_STARTTLS": "off"},
        {"SMTP_HOST": "mail.example.org", "SMTP_STARTTLS": "off", "SMTP_TLS": "on"},
        {"SMTP_HOST": "mail.example.org"},
    ],
)
def test_a_password_over_encryption_or_within_this_machine_is_fine(
    monkeypatch: pytest.MonkeyPatch, variables: dict[str, str]
) -> None:
    found = settings(monkeypatch, **variables, SMTP_PASSWORD="hunter2")
    assert "hunter2" not in repr(found)
