"""Mail over SMTP, with files.

Belongs here: the letter and the conversation with the server. The server's address is configuration (OMNI_SMTP_URL).
"""

from __future__ import annotations

import mimetypes
import smtplib
import ssl
from email.message import EmailMessage
from typing import NamedTuple
from urllib.parse import unquote, urlsplit

from connectors.errors import ConfigurationError, TransientError
from connectors.notices.message import Message

TIMEOUT_SECONDS = 30.0


class _Server(NamedTuple):
    host: str
    port: int
    user: str
    password: str
    has_tls: bool


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

    smtp:// turns to TLS when the server offers it, and never sends a password without it. The server's certificate has
    to be signed by an authority that this machine knows; SSL_CERT_FILE names others.

    Raises:
        TransientError: the server is away or busy.
        ConfigurationError: certificate, login or address refused, or OMNI_SMTP_URL is no address.
    """
    try:
        to, mail = _server(smtp_url), letter(sender, address, message)
    except ValueError:
        raise _unusable() from None
    try:
        _hand_over(mail, to)
    except ssl.SSLCertVerificationError as error:
        raise ConfigurationError(
            f"the certificate of mail server {to.host} is not trusted: {error.verify_message}",
            remedy="use the name in its certificate; SSL_CERT_FILE names a file with the authorities to trust",
        ) from None
    except (smtplib.SMTPRecipientsRefused, smtplib.SMTPSenderRefused, smtplib.SMTPAuthenticationError) as error:
        raise ConfigurationError(
            f"mail server {to.host} refused: {type(error).__name__}",
            remedy="check OMNI_SMTP_URL and the recipient's address",
        ) from None
    except (OSError, smtplib.SMTPException) as error:
        raise TransientError(f"mail server {to.host}: {type(error).__name__}") from None
    except ValueError:  # such as a password that the protocol cannot write
        raise _unusable() from None


def _unusable() -> ConfigurationError:
    """Without the words of the error before it, which may show the password."""
    return ConfigurationError(
        "a letter cannot be written with OMNI_SMTP_URL, OMNI_MAIL_FROM and the recipient's address",
        remedy="correct the one that is no address",
    )


def _server(smtp_url: str) -> _Server:
    parts = urlsplit(smtp_url)
    has_tls = parts.scheme == "smtps"
    port = parts.port or (465 if has_tls else 587)
    return _Server(
        parts.hostname or "localhost", port, unquote(parts.username or ""), unquote(parts.password or ""), has_tls
    )


def _hand_over(mail: EmailMessage, to: _Server) -> None:
    trusted = ssl.create_default_context()
    with _connection(to, trusted) as server:
        secure = to.has_tls or _turns_to_tls(server, trusted)
        if to.user:
            _log_in(server, to.user, to.password, secure=secure)
        server.send_message(mail)


def _connection(to: _Server, trusted: ssl.SSLContext) -> smtplib.SMTP:
    if to.has_tls:
        return smtplib.SMTP_SSL(to.host, to.port, timeout=TIMEOUT_SECONDS, context=trusted)
    return smtplib.SMTP(to.host, to.port, timeout=TIMEOUT_SECONDS)


def _turns_to_tls(server: smtplib.SMTP, trusted: ssl.SSLContext) -> bool:
    """Whether the server offers TLS, which then holds."""
    server.ehlo_or_helo_if_needed()
    if server.has_extn("starttls"):
        server.starttls(context=trusted)
        return True
    return False


def _log_in(server: smtplib.SMTP, user: str, password: str, *, secure: bool) -> None:
    if not secure:
        raise ConfigurationError(
            "the mail server offers no TLS, so the password is not sent",
            remedy="use smtps://, or a server with STARTTLS",
        )
    server.login(user, password)
