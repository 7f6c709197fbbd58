"""A chat service and a mail server on this machine, which remember what they were sent."""

from __future__ import annotations

import contextlib
import json
import socketserver
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any


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
    answer: dict[str, Any] = field(default_factory=lambda: {"errcode": 0, "code": 0})
    received: list[Received] = field(default_factory=list)


@contextlib.contextmanager
def chat_service() -> Iterator[ChatService]:
    service = ChatService()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            service.received.append(Received(self.path, dict(self.headers), body))
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
    """Takes letters for everybody but `refuses`."""

    url: str = ""
    refuses: str = ""
    letters: list[bytes] = field(default_factory=list)


@contextlib.contextmanager
def mail_server() -> Iterator[MailServer]:
    mail = MailServer()

    class Handler(socketserver.StreamRequestHandler):
        def handle(self) -> None:
            self._say("220 here")
            for raw in self.rfile:
                word = raw.decode().strip()
                verb = word[:4].upper()
                if verb == "DATA":
                    self._say("354 go on")
                    mail.letters.append(self._letter())
                    self._say("250 taken")
                elif verb == "RCPT" and mail.refuses and mail.refuses in word:
                    self._say("550 nobody of that name")
                elif verb == "QUIT":
                    self._say("221 bye")
                    return
                else:
                    self._say("250 ok")

        def _letter(self) -> bytes:
            lines: list[bytes] = []
            for raw in self.rfile:
                if raw == b".\r\n":
                    break
                lines.append(raw)
            return b"".join(lines)

        def _say(self, line: str) -> None:
            self.wfile.write(f"{line}\r\n".encode())

    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), Handler) as server:
        mail.url = f"smtp://127.0.0.1:{server.server_address[1]}"
        with _in_background(server):
            yield mail


@contextlib.contextmanager
def _in_background(server: socketserver.BaseServer) -> Iterator[None]:
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield
    finally:
        server.shutdown()
        thread.join()
