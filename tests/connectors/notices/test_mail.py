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
from tests.connectors.notices.receivers import MailServer, mail_server, self_signed


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


@pytest.mark.parametrize("scheme", ["smtps", "smtp"])
def test_a_server_whose_certificate_nobody_knows_gets_neither_password_nor_letter(scheme: str, tmp_path: Path) -> None:
    with mail_server(self_signed(tmp_path / "server.pem"), scheme=scheme) as server:
        door = server.url.replace("://", "://user:hidden@")
        with pytest.raises(ConfigurationError, match=r"not trusted.*SSL_CERT_FILE"):
            send_mail(door, "omni@example.com", "a@example.com", Message("x"))
    assert (server.logins, server.letters) == ([], [])


@pytest.mark.parametrize("scheme", ["smtps", "smtp"])
def test_an_authority_of_ones_own_is_trusted_when_it_is_named(
    scheme: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    certificate = self_signed(tmp_path / "server.pem")
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
    with mail_server(certificate, scheme=scheme) as server:
        door = server.url.replace("://", "://user:hidden@")
        send_mail(door, "omni@example.com", "a@example.com", Message("x"))
    assert len(server.logins) == len(server.letters) == 1


@pytest.mark.parametrize("url", ["smtp://user:hidden@mail.example:port", "smtp://user:hidden@[mail.example"])
def test_an_address_of_the_server_that_is_none_is_told_without_its_password(url: str) -> None:
    with pytest.raises(ConfigurationError, match="OMNI_SMTP_URL") as caught:
        send_mail(url, "omni@example.com", "a@example.com", Message("x"))
    assert "hidden" not in str(caught.value)


def test_a_password_that_the_protocol_cannot_write_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    certificate = self_signed(tmp_path / "server.pem")
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
    with mail_server(certificate) as server, pytest.raises(ConfigurationError, match="OMNI_SMTP_URL") as caught:
        send_mail(server.url.replace("://", "://user:h%C3%BCdden@"), "a@example.com", "b@example.com", Message("x"))
    assert "hüdden" not in str(caught.value)


def test_a_recipient_that_is_no_mailbox_is_told(server: MailServer) -> None:
    with pytest.raises(ConfigurationError, match="recipient's address"):
        send_mail(server.url, "omni@example.com", "a@example.com\nBcc: b@example.com", Message("x"))
