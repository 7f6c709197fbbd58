"""Mail over SMTP, with files.

Belongs here: the letter and the conversation with the server. The server's address is configuration (OMNI_SMTP_URL).
"""

from __future__ import annotations

import mimetypes
import smtplib
from email.message import EmailMessage
from urllib.parse import unquote, urlsplit

from connectors.errors import ConfigurationError, TransientError
from connectors.notices.message import Message

TIMEOUT_SECONDS = 30.0


def letter(sender: str, address: str, message: Message) -> EmailMessage:
    """The message as a letter with its files attached."""
    mail = EmailMessage()
    mail["From"], mail["To"], mail["Subject"] = sender, address, message.title
    mail.set_content("\n".join(filter(None, (*message.lines, "", message.link))))
    for path in message.files:
        kind, _, detail = (mimetypes.guess_type(path.name)[0] or "application/octet-stream").partition("/")
        mail.add_attachment(path.read_bytes(), maintype=kind, subtype=detail, filename=path.name)
    return mail


def send_mail(smtp_url: str, sender: str, address: str, message: Message) -> None:
    """Hand the letter to the server at `smtp_url`: smtp://user:password@host:587, smtps://…:465, or without a login.

    smtp:// turns to TLS when the server offers it, and never sends a password without it.

    Raises:
        TransientError: the server is away or busy.
        ConfigurationError: login or address refused.
    """
    parts = urlsplit(smtp_url)
    host, secure = parts.hostname or "localhost", parts.scheme == "smtps"
    try:
        connection = smtplib.SMTP_SSL if secure else smtplib.SMTP
        with connection(host, parts.port or (465 if secure else 587), timeout=TIMEOUT_SECONDS) as server:
            if not secure and server.has_extn("starttls") | _greets_with_tls(server):
                server.starttls()
                secure = True
            if parts.username:
                _log_in(server, unquote(parts.username), unquote(parts.password or ""), secure=secure)
            server.send_message(letter(sender, address, message))
    except (smtplib.SMTPRecipientsRefused, smtplib.SMTPSenderRefused, smtplib.SMTPAuthenticationError) as error:
        raise ConfigurationError(
            f"mail server {host} refused: {type(error).__name__}",
            remedy="check OMNI_SMTP_URL and the recipient's address",
        ) from None
    except (OSError, smtplib.SMTPException) as error:
        raise TransientError(f"mail server {host}: {type(error).__name__}") from None


def _greets_with_tls(server: smtplib.SMTP) -> bool:
    server.ehlo_or_helo_if_needed()
    return server.has_extn("starttls")


def _log_in(server: smtplib.SMTP, user: str, password: str, *, secure: bool) -> None:
    if not secure:
        raise ConfigurationError(
            "the mail server offers no TLS, so the password is not sent",
            remedy="use smtps://, or a server with STARTTLS",
        )
    server.login(user, password)
