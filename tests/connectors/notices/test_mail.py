"""Letters as the mail server receives them."""

from __future__ import annotations

import email
import email.policy
from collections.abc import Iterator
from pathlib import Path

import pytest

from connectors.errors import ConfigurationError, TransientError
from connectors.notices.mail import send_mail
from connectors.notices.message import Message
from tests.connectors.notices.receivers import MailServer, mail_server


@pytest.fixture
def server() -> Iterator[MailServer]:
    with mail_server() as one:
        yield one


def test_a_letter_has_subject_text_link_and_the_file(server: MailServer, tmp_path: Path) -> None:
    book = tmp_path / "reorder-list-2026-03-01.xlsx"
    book.write_bytes(b"PK\x03\x04 not really")
    message = Message("📊 补货清单 · Reorder list", ("期间 Period: 2026-03-01",), "http://omni.example/", (book,))
    send_mail(server.url, "omni@example.com", "buyer@example.com", message)
    letter = email.message_from_bytes(server.letters[0], policy=email.policy.default)
    assert letter["Subject"] == "📊 补货清单 · Reorder list"
    assert letter["To"] == "buyer@example.com"
    body = letter.get_body(("plain",))
    assert body is not None
    assert "期间 Period: 2026-03-01" in body.get_content()
    assert "http://omni.example/" in body.get_content()
    [attachment] = letter.iter_attachments()
    assert attachment.get_filename() == book.name
    assert attachment.get_content() == book.read_bytes()


def test_an_unknown_mailbox_is_refused_for_good(server: MailServer) -> None:
    server.refuses = "nobody@"
    with pytest.raises(ConfigurationError, match="refused"):
        send_mail(server.url, "omni@example.com", "nobody@example.com", Message("x"))


def test_a_password_does_not_travel_without_tls(server: MailServer) -> None:
    open_door = server.url.replace("smtp://", "smtp://user:hidden@")
    with pytest.raises(ConfigurationError, match="no TLS") as caught:
        send_mail(open_door, "omni@example.com", "a@example.com", Message("x"))
    assert "hidden" not in str(caught.value)
    assert server.letters == []


def test_no_server_is_transient() -> None:
    with pytest.raises(TransientError):
        send_mail("smtp://127.0.0.1:9", "omni@example.com", "a@example.com", Message("x"))
