"""Runs the sandbox in uvicorn: one process with a clean end on SIGTERM and SIGINT, or a thread of somebody else's.

Belongs here: sockets and the ready line. Does not belong here: what is served (see `app`).
"""

from __future__ import annotations

import json
import os
import signal
import socket
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

import uvicorn

from connectors.sandbox.admin import Admin
from connectors.sandbox.app import SandboxApp
from connectors.sandbox.gateway import Gateway
from connectors.sandbox.operations.order_json import BOTH, page_item
from connectors.sandbox.sandbox import Options, Sandbox
from connectors.sandbox.state import write_json

GATEWAY_FILE = "gateway.json"


def build_app(sandbox: Sandbox) -> SandboxApp:
    """The ASGI application of an opened sandbox."""
    return SandboxApp(Gateway(sandbox), Admin(sandbox).build())


@contextmanager
def serving_in_thread(sandbox: Sandbox) -> Iterator[str]:
    """The address of a gateway that a thread of this process serves until the block ends."""
    config = uvicorn.Config(build_app(sandbox), port=0, lifespan="off", log_level="critical", date_header=False)
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    while not server.started:
        time.sleep(0.01)
    try:
        yield f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"
    finally:
        server.should_exit = True
        thread.join(10)


def serve_forever(options: Options, host: str, port: int) -> None:
    """Open the world, listen, print the ready line, serve until a signal comes."""
    sandbox = Sandbox(options)
    if options.load_lines:
        _render_all(sandbox)
    listener = socket.create_server((host, port), backlog=512, reuse_port=False)
    server = uvicorn.Server(
        uvicorn.Config(
            build_app(sandbox),
            lifespan="on",
            log_level="warning",
            log_config=None,  # lines look as whoever started this process wants them to
            access_log=False,
            server_header=False,
            date_header=False,
            timeout_keep_alive=75,
            timeout_graceful_shutdown=2,
        )
    )
    _end_quietly(server)
    ready = {"url": f"http://{host}:{listener.getsockname()[1]}", "pid": os.getpid()}
    write_json(options.folder / GATEWAY_FILE, ready)
    sys.stdout.write(json.dumps(ready) + "\n")
    sys.stdout.flush()
    try:
        server.run(sockets=[listener])
    finally:
        listener.close()
        sandbox.save()


def _end_quietly(server: uvicorn.Server) -> None:
    """uvicorn raises a caught signal again after its shutdown; meet it here, so that the state is saved first."""

    def stop(_number: int, _frame: FrameType | None) -> None:
        server.should_exit = True

    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, stop)


def _render_all(sandbox: Sandbox) -> None:
    """Pay for rendering before the clock of a load test starts."""
    for shop in sandbox.world.shops:
        for order in shop.book.by_sn.values():
            page_item(shop, order, BOTH)
