"""Each line that a process of ours writes to stderr is one JSON object, whoever wrote it; no secret is in any."""

from __future__ import annotations

import asyncio
import json
import logging
import subprocess
import sys
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import httpx
import psycopg
import pytest
import structlog

from connectors.logs import configure_logs, configure_process_logs, log_crashes
from connectors.settings import PROJECT_ROOT, Settings
from orchestration.cli.environment import Ports, pipeline_environment
from orchestration.cli.services import Service, door_service

Lines = Callable[[], list[dict[str, Any]]]


@pytest.fixture(autouse=True)
def _same_loggers() -> Iterator[None]:
    """The loggers spoken of here are left as they were found."""
    loggers = [logging.getLogger(name) for name in ("uvicorn", "uvicorn.error", "uvicorn.access", "httpx")]
    found = [(one, one.handlers[:], one.propagate, one.level) for one in loggers]
    yield
    for logger, handlers, propagate, level in found:
        logger.handlers, logger.propagate = handlers, propagate
        logger.setLevel(level)


@pytest.fixture
def lines(capsys: pytest.CaptureFixture[str]) -> Lines:
    """What the process wrote to stderr since it was asked last, parsed."""
    return lambda: _parsed(capsys.readouterr().err)


def _parsed(text: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in text.splitlines()]


def test_a_library_s_warning_is_a_line_like_ours_with_the_name_of_its_logger(lines: Lines) -> None:
    configure_process_logs("info")
    with structlog.contextvars.bound_contextvars(run="run-1"):
        logging.getLogger("psycopg").warning("error ignored in %s", "rollback")
        structlog.get_logger().warning("ours")
    library, ours = lines()
    assert (library["logger"], library["level"], library["event"]) == (
        "psycopg",
        "warning",
        "error ignored in rollback",
    )
    assert library.keys() == ours.keys() | {"logger"}
    assert library["run"] == ours["run"] == "run-1"


@pytest.mark.parametrize(
    ("level", "expected"),
    [
        ("debug", {"httpx warning", "uvicorn.error info", "uvicorn.error warning"}),
        ("info", {"httpx warning", "uvicorn.error info", "uvicorn.error warning"}),
        ("warning", {"httpx warning", "uvicorn.error warning"}),
        ("error", set()),
    ],
)
def test_libraries_are_heard_from_warning_on_and_the_server_from_info_on(
    lines: Lines, level: str, expected: set[str]
) -> None:
    configure_process_logs(level)
    for name in ("httpx", "uvicorn.error"):
        logger = logging.getLogger(name)
        logger.setLevel(logging.DEBUG)
        for word in ("debug", "info", "warning"):
            logger.log(getattr(logging, word.upper()), word)
    assert {f"{line['logger']} {line['event']}" for line in lines()} == expected


def test_a_command_that_is_quiet_itself_still_tells_warnings_of_libraries(lines: Lines) -> None:
    configure_process_logs("error", libraries="warning")
    structlog.get_logger().warning("ours")
    logging.getLogger("connectors.postgres.server").warning("the data folder was deleted")
    assert [line["event"] for line in lines()] == ["the data folder was deleted"]


def test_an_exception_is_a_field_of_its_line(lines: Lines) -> None:
    configure_process_logs("info")
    try:
        raise ValueError("no such rate")
    except ValueError:
        logging.getLogger("asyncio").exception("task failed")
        structlog.get_logger().exception("run failed")
    library, ours = lines()
    for line in (library, ours):
        assert line["level"] == "error"
        assert line["exception"].startswith("Traceback")
        assert line["exception"].endswith("ValueError: no such rate")
        assert "exc_info" not in line


def test_what_asyncio_tells_of_a_lost_task_is_a_line(lines: Lines) -> None:
    configure_process_logs("info")

    async def lose_a_task() -> None:
        loop = asyncio.get_running_loop()
        loop.call_exception_handler({"message": "never retrieved", "exception": ValueError("lost")})

    asyncio.run(lose_a_task())
    [lost] = lines()
    assert (lost["logger"], lost["event"], lost["exception"]) == ("asyncio", "never retrieved", "ValueError: lost")


def test_a_warning_of_python_is_a_line(lines: Lines) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("always")
        configure_process_logs("info")  # what Python does with warnings is the test's own in here
        warnings.warn("old interface", UserWarning, stacklevel=1)
    [old] = lines()
    assert old["logger"] == "py.warnings"
    assert "old interface" in old["event"]


def test_the_access_log_tells_requests_in_fields_and_no_query(lines: Lines) -> None:
    access = logging.getLogger("uvicorn.access")
    access.handlers = [logging.StreamHandler()]
    access.setLevel(logging.INFO)
    access.propagate = False
    configure_process_logs("info")
    told = ("10.0.0.7:4711", "GET", "/api/sync?key=canary-query", "1.1", 200)
    access.info('%s - "%s %s HTTP/%s" %d', *told)
    [line] = lines()  # once, though uvicorn had brought a handler
    del line["timestamp"]
    assert line == {
        "logger": "uvicorn.access", "level": "info", "event": "request",
        "client": "10.0.0.7:4711", "method": "GET", "path": "/api/sync", "status": 200,
    }  # fmt: skip


def test_an_access_log_that_was_switched_off_stays_off(lines: Lines) -> None:
    access = logging.getLogger("uvicorn.access")
    access.handlers, access.propagate = [], False
    configure_process_logs("info")
    assert not access.hasHandlers()
    assert lines() == []


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        ("GET https://api.test/x?sign=canary failed", "GET https://api.test/x failed"),
        ("proxy http://omni:canary@p:8/", "proxy http://p:8/"),
        ('no "postgresql://omni:can@ary@db:x/omni"', 'no "postgresql://db:x/omni"'),
        ("is it well? yes", "is it well? yes"),
    ],
)
def test_users_passwords_and_queries_of_addresses_are_left_out(lines: Lines, said: str, expected: str) -> None:
    configure_process_logs("info")
    try:
        raise ValueError(said)
    except ValueError:
        logging.getLogger("httpx").exception(said)
    [line] = lines()
    assert line["event"] == expected
    assert line["exception"].endswith(f"ValueError: {expected}")


def test_the_last_call_counts_and_no_line_is_doubled(lines: Lines, caplog: pytest.LogCaptureFixture) -> None:
    configure_process_logs("debug")
    configure_process_logs("error")
    logging.getLogger("httpx").warning("slow")
    logging.getLogger("httpx").error("gone")
    assert [line["event"] for line in lines()] == ["gone"]
    assert caplog.messages == ["slow", "gone"]  # others on the root logger hear as before


def test_runs_of_dagster_keep_the_logging_that_dagster_set_up(lines: Lines) -> None:
    before = logging.getLogger().handlers[:]
    configure_logs("debug")
    assert logging.getLogger().handlers == before
    logging.getLogger("dagster").error("captured by Dagster")
    assert lines() == []


def test_an_exception_that_ends_a_process_is_a_line(lines: Lines, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "excepthook", sys.excepthook)
    configure_process_logs("info")
    log_crashes()
    error = RuntimeError("the database is gone")
    sys.excepthook(RuntimeError, error, None)
    [line] = lines()
    assert (line["level"], line["exception"]) == ("critical", "RuntimeError: the database is gone")


def test_each_line_of_the_door_is_one_json_object(settings: Settings, database_url: str) -> None:
    with psycopg.connect(database_url) as conn:
        conn.execute("alter table ops.api_keys rename to api_keys_lost")
    door = _door(settings, database_url)
    key = {"Authorization": "Bearer omni_1f0a_canary-key"}
    with (
        _served(door) as told,
        httpx.Client(base_url=door.url, transport=httpx.HTTPTransport(retries=8), timeout=30) as client,
    ):
        assert client.get("/health?token=canary-query").is_success
        assert client.post("/api/nowhere?key=canary-query", content=b"canary-body").status_code == 404
        assert client.get("/api/shops?key=canary-query", headers=key).is_server_error
    lines = _checked(told())
    assert "uvicorn.error" in {line.get("logger") for line in lines}
    [failure] = [line for line in lines if "api_keys" in str(line.get("exception"))]
    assert failure["level"] == "error"
    requests = [line for line in lines if line["event"] == "request"]
    assert [line["path"] for line in requests if line["status"] == 404] == ["/api/nowhere"]


def test_a_door_that_cannot_open_says_why_in_one_line(settings: Settings, database_url: str) -> None:
    lost = database_url.replace("/omni_test_", "/omni_lost_")
    door = _door(settings, lost)
    ended = subprocess.run(
        door.command, env=dict(door.environment), cwd=PROJECT_ROOT, capture_output=True, text=True, check=False
    )
    last = _checked(ended.stderr)[-1]
    assert ended.returncode
    assert last["level"] == "critical"
    assert "omni_lost_" in last["exception"]


def _door(settings: Settings, database_url: str) -> Service:
    """The door as it is served, with the access log that it has when somebody starts it by hand."""
    ports = Ports.choose(settings)
    door = door_service(settings, ports.door, pipeline_environment(settings, database_url, ports))
    command = [word for word in door.command if word != "--no-access-log"]
    return Service(door.name, command, {**door.environment, "PYTHONWARNINGS": "default"}, door.url)


@contextmanager
def _served(door: Service) -> Iterator[Callable[[], str]]:
    """The process, until it has ended; then what it wrote can be asked for."""
    written: list[str] = []
    process = subprocess.Popen(
        door.command, env=dict(door.environment), cwd=PROJECT_ROOT, stderr=subprocess.PIPE, text=True
    )
    try:
        yield lambda: written[0]
    finally:
        process.terminate()
        written.append(process.communicate(timeout=60)[1])


def _checked(text: str) -> list[dict[str, Any]]:
    """The lines, each with what every line has; none with a secret."""
    assert "canary" not in text
    lines = _parsed(text)
    for line in lines:
        assert {"event", "level", "timestamp"} <= line.keys()
    return lines
