"""The services as processes: how each is started, how we know that it is well, and how all of them end together.

Belongs here: command lines, health checks, start and stop order, the record of what runs (`run/services.json`).
`omni serve NAME` runs one of these commands in the foreground; containers use the same.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import NamedTuple

import httpx
import psutil

from connectors.errors import ConfigurationError, TransientError
from connectors.settings import PROJECT_ROOT, Settings
from orchestration.cli.environment import SUPERSET_DIR, Ports
from orchestration.launch import DagsterClient
from orchestration.names import HEALTH_PATH

STOP_SECONDS = 10.0


@dataclass(frozen=True)
class Service:
    """One long-running process. `is_well` is asked until it answers True; a service without one is well when alive."""

    name: str
    command: Sequence[str]
    environment: Mapping[str, str] = field(repr=False)
    url: str = ""
    is_well: Callable[[], bool] | None = None
    start_seconds: float = 120.0


@dataclass(frozen=True)
class Running:
    """What `run/services.json` remembers of a started process; `created` guards against a reused pid."""

    name: str
    pid: int
    created: float
    url: str


class Recorded(NamedTuple):
    """What became of the processes that an omni recorded: the supervisor's pid while it lives, the services that run,
    and the names of those that should run and do not.
    """

    supervisor: int | None
    running: list[Running]
    ended: list[str]


def dagster_services(settings: Settings, ports: Ports, environment: Mapping[str, str]) -> list[Service]:
    """Code servers first, then the web server and the daemon that read them."""
    host = settings.bind_host
    workspace = ["-w", str(PROJECT_ROOT / "workspace.yaml")]
    web = f"http://{host}:{ports.dagster}"
    return [
        _code_server("ingest", host, ports.ingest, environment),
        _code_server("transform", host, ports.transform, environment),
        Service(
            "webserver",
            [_script("dagster-webserver"), "-h", host, "-p", str(ports.dagster), *workspace],
            environment,
            url=web,
            is_well=lambda: _launches(web),
        ),
        Service("daemon", [_script("dagster-daemon"), "run", *workspace], environment),
    ]


def superset_service(settings: Settings, ports: Ports, environment: Mapping[str, str]) -> Service:
    """Superset behind gunicorn, from its own environment."""
    url = f"http://{settings.bind_host}:{ports.superset}"
    command = [str(superset_python()), str(SUPERSET_DIR / "serve.py"), "--host", settings.bind_host]
    return Service(
        "superset",
        [*command, "--port", str(ports.superset)],
        environment,
        url=url,
        is_well=lambda: _answers(f"{url}/health"),
    )


def superset_python() -> Path:
    """The interpreter of the BI environment."""
    return SUPERSET_DIR / ".venv" / ("Scripts" if os.name == "nt" else "bin") / "python"


def door_service(settings: Settings, port: int, environment: Mapping[str, str]) -> Service:
    """The webhook door and the control API behind uvicorn: one process, whose memory holds rates and known secrets."""
    url = f"http://{settings.bind_host}:{port}"
    command = [sys.executable, "-m", "uvicorn", "--factory", "orchestration.api.app:serve_app", "--no-access-log"]
    command += ["--no-server-header", "--log-level", settings.log_level]
    return Service(
        "door",
        [*command, "--host", settings.bind_host, "--port", str(port)],
        {**environment, "OMNI_BIND_HOST": settings.bind_host},  # it decides who may read figures without a key
        url=url,
        is_well=lambda: _answers(f"{url}{HEALTH_PATH}"),
    )


class Supervisor:
    """Starts services, keeps a record of them, and stops them in reverse order."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._record = settings.data_dir / "run" / "services.json"
        self._logs = settings.data_dir / "logs"
        self._processes: dict[str, tuple[Service, subprocess.Popen[bytes]]] = {}

    def start(self, service: Service) -> None:
        """Start a service in a session of its own, so that a Ctrl-C reaches it only through us."""
        self._logs.mkdir(parents=True, exist_ok=True)
        with self.log_of(service.name).open("ab") as log:
            process = subprocess.Popen(
                list(service.command),
                env=dict(service.environment),
                cwd=PROJECT_ROOT,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        self._processes[service.name] = (service, process)
        self._write_record()

    def wait_until_well(self, service: Service) -> None:
        """Block until the service answers.

        Raises:
            ConfigurationError: it ended or stayed silent; the message carries the end of its log.
        """
        process = self._processes[service.name][1]
        deadline = time.monotonic() + service.start_seconds
        while time.monotonic() < deadline:
            if process.poll() is not None:
                raise self._failure(service, f"ended at once with exit code {process.returncode}")
            if service.is_well is None or service.is_well():
                return
            time.sleep(0.2)
        raise self._failure(service, f"did not answer within {service.start_seconds:.0f} s")

    def log_of(self, name: str) -> Path:
        """Where a service writes what it has to say."""
        return self._logs / f"{name}.log"

    def ended(self) -> list[str]:
        """Names of services that are no longer running."""
        return [name for name, (_, process) in self._processes.items() if process.poll() is not None]

    def restart(self, name: str) -> None:
        """Start an ended service again."""
        self.start(self._processes[name][0])

    def stop(self) -> None:
        """Stop everything; what does not listen is killed. Safe to call twice."""
        processes = [process for _, process in self._processes.values()]
        stop_processes([process.pid for process in reversed(processes)])
        for process in processes:
            process.wait()
        self._processes.clear()
        self._record.unlink(missing_ok=True)

    def _failure(self, service: Service, what: str) -> ConfigurationError:
        log = self.log_of(service.name)
        tail = "\n".join(log.read_text(errors="replace").splitlines()[-15:])
        return ConfigurationError(
            f"service {service.name} {what}; the end of its log:\n{tail}",
            remedy=f"read {log}, mend the cause and start again",
        )

    def _write_record(self) -> None:
        running = [
            Running(service.name, process.pid, psutil.Process(process.pid).create_time(), service.url)
            for service, process in self._processes.values()
            if process.poll() is None
        ]
        self._record.parent.mkdir(parents=True, exist_ok=True)
        body = {
            "supervisor": os.getpid(),
            "created": psutil.Process().create_time(),
            "services": [asdict(one) for one in running],
        }
        temporary = self._record.with_suffix(".tmp")
        temporary.write_text(json.dumps(body, indent=2))
        temporary.replace(self._record)


def recorded(settings: Settings) -> Recorded:
    """What the last omni of this data folder recorded. A pid counts only while it is that of the process of then."""
    record = settings.data_dir / "run" / "services.json"
    if not record.exists():
        return Recorded(None, [], [])
    body = json.loads(record.read_text())
    services = [Running(**entry) for entry in body["services"]]
    running = [one for one in services if _is_same_process(one.pid, one.created)]
    supervisor = int(body["supervisor"])
    return Recorded(
        supervisor if _is_same_process(supervisor, body.get("created", 0.0)) else None,
        running,
        [one.name for one in services if one not in running],
    )


def stop_leftovers(settings: Settings) -> list[str]:
    """End services that an earlier omni left behind (it was killed); returns their names."""
    leftovers = recorded(settings).running
    stop_processes([one.pid for one in reversed(leftovers)])
    (settings.data_dir / "run" / "services.json").unlink(missing_ok=True)
    return [one.name for one in leftovers]


def stop_processes(pids: Sequence[int]) -> None:
    """SIGTERM to all of them at once, SIGKILL to those of their families that are still there after a while."""
    families = [_family(pid) for pid in pids]
    for family in families:
        for root in family[:1]:
            _send(root, signal.SIGTERM)
    for process in _still_running([process for family in families for process in family]):
        _send(process, signal.SIGKILL)


def _still_running(processes: Sequence[psutil.Process]) -> list[psutil.Process]:
    """Those that have not ended within their time. One that only waits for its parent, which may be slow or never ask,
    to collect it has ended.
    """
    deadline, alive = time.monotonic() + STOP_SECONDS, [*processes]
    while alive and time.monotonic() < deadline:
        _, left = psutil.wait_procs(alive, timeout=0.1)
        alive = [process for process in left if _runs(process)]
    return alive


def _runs(process: psutil.Process) -> bool:
    try:
        return process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def _family(pid: int) -> list[psutil.Process]:
    """A process and all that it started; empty when it has ended."""
    try:
        root = psutil.Process(pid)
        return [root, *root.children(recursive=True)]
    except psutil.NoSuchProcess:
        return []


def _send(process: psutil.Process, number: signal.Signals) -> None:
    try:
        process.send_signal(number)
    except psutil.NoSuchProcess:
        return


def _code_server(location: str, host: str, port: int, environment: Mapping[str, str]) -> Service:
    module = f"orchestration.{location}.definitions"
    command = [_script("dagster"), "code-server", "start", "-m", module, "-h", host, "-p", str(port)]
    return Service(location, command, environment, f"grpc://{host}:{port}", lambda: _serves_definitions(host, port))


def _script(name: str) -> str:
    """A console script of the interpreter that runs omni, whatever the PATH says."""
    return str(Path(sys.executable).with_name(name))


def _answers(url: str) -> bool:
    try:
        return httpx.get(url, timeout=5.0).is_success
    except httpx.HTTPError:
        return False


def _launches(url: str) -> bool:
    try:
        return DagsterClient(url).has_loaded_locations()
    except TransientError:
        return False


def _serves_definitions(host: str, port: int) -> bool:
    """Ask a code server by the standard gRPC health protocol; it answers once its definitions are loaded."""
    import grpc  # type: ignore[import-untyped]  # heavy, needed only while services start
    from grpc_health.v1 import health_pb2, health_pb2_grpc  # type: ignore[import-untyped]

    with grpc.insecure_channel(f"{host}:{port}") as channel:
        try:
            request = health_pb2.HealthCheckRequest(service="DagsterApi")
            answer = health_pb2_grpc.HealthStub(channel).Check(request, timeout=3.0)
        except grpc.RpcError:
            return False
    return bool(answer.status == health_pb2.HealthCheckResponse.SERVING)


def _is_same_process(pid: int, created: float) -> bool:
    try:
        return abs(psutil.Process(pid).create_time() - created) < 1.0
    except psutil.NoSuchProcess:
        return False
