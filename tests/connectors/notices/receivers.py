"""A chat service and a mail server on this machine, which remember what they were sent."""

from __future__ import annotations

import contextlib
import ipaddress
import json
import socketserver
import ssl
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID


@dataclass
class Received:
    """One request: its path with the query, headers, and the raw body."""

    path: str
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)


@dataclass
class ChatService:
    """Answers every POST with `status` and `answer`."""

    url: str = ""
    status: int = 200
    answer: Any = field(default_factory=lambda: {"errcode": 0, "code": 0})
    received: list[Received] = field(default_factory=list)
    on_request: Callable[[], object] = lambda: None


@contextlib.contextmanager
def chat_service() -> Iterator[ChatService]:
    service = ChatService()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            service.received.append(Received(self.path, dict(self.headers), body))
            service.on_request()
            self.send_response(service.status)
            self.end_headers()
            self.wfile.write(json.dumps(service.answer).encode())

        def log_message(self, *_: Any) -> None:
            return

    with HTTPServer(("127.0.0.1", 0), Handler) as server:
        service.url = f"http://127.0.0.1:{server.server_port}/hook"
        with _in_background(server):
            yield service


@dataclass
class MailServer:
    """Takes letters for everybody but `refuses`; remembers who logged in."""

    url: str = ""
    refuses: str = ""
    letters: list[bytes] = field(default_factory=list)
    logins: list[str] = field(default_factory=list)


class _MailDoor(socketserver.ThreadingTCPServer):
    """Where letters arrive; with `tls` at once for smtps, else after STARTTLS."""

    mail: MailServer
    scheme: str
    tls: ssl.SSLContext | None = None


class _Conversation(socketserver.StreamRequestHandler):
    server: _MailDoor

    def handle(self) -> None:
        with contextlib.suppress(OSError):  # a client that does not trust us leaves
            if self.server.scheme == "smtps":
                self._turn_to_tls()
            self._say("220 here")
            while raw := self.rfile.readline():
                self._answer(raw.decode().strip())

    def _answer(self, word: str) -> None:
        mail, verb = self.server.mail, word[:4].upper()
        if verb == "RCPT" and mail.refuses and mail.refuses in word:
            self._say("550 nobody of that name")
        elif verb == "EHLO" and self.server.tls:
            self._say("250-here\r\n250-AUTH PLAIN\r\n250 STARTTLS")
        elif verb == "STAR":
            self._say("220 go on")
            self._turn_to_tls()
        elif verb == "AUTH":
            mail.logins.append(word)
            self._say("235 welcome")
        elif verb == "DATA":
            self._say("354 go on")
            mail.letters.append(self._letter())
            self._say("250 taken")
        else:
            self._say("221 bye" if verb == "QUIT" else "250 ok")

    def _turn_to_tls(self) -> None:
        assert self.server.tls is not None
        self.request = self.server.tls.wrap_socket(self.request, server_side=True)
        self.setup()

    def _letter(self) -> bytes:
        lines: list[bytes] = []
        for raw in self.rfile:
            if raw == b".\r\n":
                break
            lines.append(raw)
        return b"".join(lines)

    def _say(self, line: str) -> None:
        self.wfile.write(f"{line}\r\n".encode())


@contextlib.contextmanager
def mail_server(certificate: Path | None = None, *, scheme: str = "smtp") -> Iterator[MailServer]:
    """A mail server; with a certificate it speaks TLS."""
    with _MailDoor(("127.0.0.1", 0), _Conversation) as server:
        mail = server.mail = MailServer(f"{scheme}://127.0.0.1:{server.server_address[1]}")
        server.scheme = scheme
        if certificate:
            server.tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            server.tls.load_cert_chain(certificate)
        with _in_background(server):
            yield mail


def self_signed(path: Path) -> Path:
    """A certificate for 127.0.0.1 that nobody knows, with its key in the same file."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "mail on this machine")])
    now = datetime.now(UTC)
    here = x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))])
    certificate = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(here, critical=False)
        .sign(key, hashes.SHA256())
    )
    kind, form = serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8
    secret = key.private_bytes(kind, form, serialization.NoEncryption())
    path.write_bytes(secret + certificate.public_bytes(kind))
    return path


@contextlib.contextmanager
def _in_background(server: socketserver.BaseServer) -> Iterator[None]:
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield
    finally:
        server.shutdown()
        thread.join()
