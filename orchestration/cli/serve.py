"""`omni serve` and `omni provision`: one service in the foreground, for containers and for other supervisors."""

from __future__ import annotations

import os
from dataclasses import replace
from enum import StrEnum
from typing import Annotated

import typer

from connectors.postgres.server import ensure_database
from connectors.settings import PROJECT_ROOT, Settings
from orchestration.cli.bi import install_bi, provision_bi
from orchestration.cli.db import migrated_database
from orchestration.cli.deployment import beat_service, worker_service
from orchestration.cli.environment import (
    Ports,
    keep_superset_environment,
    kept_superset_environment,
    pipeline_environment,
    prepare_dagster_home,
)
from orchestration.cli.manifest import prepare_manifest
from orchestration.cli.services import Service, dagster_services, door_service, superset_service


class ServiceName(StrEnum):
    """What can be served."""

    ingest = "ingest"
    transform = "transform"
    webserver = "webserver"
    daemon = "daemon"
    superset = "superset"
    superset_worker = "superset-worker"
    superset_beat = "superset-beat"
    door = "door"


_PORT_OF = {
    ServiceName.ingest: "ingest",
    ServiceName.transform: "transform",
    ServiceName.webserver: "dagster",
    ServiceName.superset: "superset",
    ServiceName.door: "door",
}


def serve(
    name: Annotated[ServiceName, typer.Argument(help="The service to run.")],
    host: Annotated[str | None, typer.Option(help="Address to listen on; default: OMNI_BIND_HOST.")] = None,
    port: Annotated[int, typer.Option(help="Port to listen on; 0 = the configured or a free one.")] = 0,
) -> None:
    """Run one service in the foreground; this process becomes the service.

    The code servers of a web server or daemon in another container are found by OMNI_INGEST_HOST, OMNI_INGEST_PORT,
    OMNI_TRANSFORM_HOST and OMNI_TRANSFORM_PORT.

    Superset needs `omni provision` before; superset-worker and superset-beat need OMNI_SUPERSET_BROKER_URL. The door
    takes pushed events and serves the control API; it starts runs through the web server that OMNI_DAGSTER_URL names.

    Example: `omni serve webserver --port 3000`
    """
    settings = Settings() if host is None else Settings(bind_host=host)
    service = _find(name, settings, _ports(name, settings, port))
    os.chdir(PROJECT_ROOT)
    command = list(service.command)
    os.execve(command[0], command, dict(service.environment))  # noqa: S606 - this process becomes the service


def provision() -> None:
    """Prepare Superset: its metadata, the administrator, roles, and the dashboards from `superset/assets`.

    Safe to repeat: dashboards are matched by their uuid and overwritten. `omni serve superset` finds what it needs in
    the data directory's `superset` folder from then on, and needs no other folder and no OMNI_DATABASE_URL.
    """
    settings = Settings()
    url = migrated_database(settings)
    install_bi()
    provision_bi(settings, url)
    keep_superset_environment(settings, url)


def _ports(name: ServiceName, settings: Settings, port: int) -> Ports:
    """Where every service listens; `port`, unless 0, is that of the named one alone."""
    ports = Ports.choose(settings)
    own = _PORT_OF.get(name)
    return replace(ports, **{own: port}) if own and port else ports


def _find(name: ServiceName, settings: Settings, ports: Ports) -> Service:
    if name in (ServiceName.superset, ServiceName.superset_worker, ServiceName.superset_beat):
        install_bi()
        return _find_bi(name, settings, ports, kept_superset_environment(settings))
    url = ensure_database(settings)
    environment = pipeline_environment(settings, url, ports)
    for variable in ("OMNI_INGEST_HOST", "OMNI_INGEST_PORT", "OMNI_TRANSFORM_HOST", "OMNI_TRANSFORM_PORT"):
        environment[variable] = os.environ.get(variable, environment[variable])
    if name is ServiceName.door:
        return door_service(settings, ports.door, environment)
    prepare_dagster_home(settings)
    if name in (ServiceName.ingest, ServiceName.transform):  # both build models
        prepare_manifest(environment)
    return next(one for one in dagster_services(settings, ports, environment) if one.name == name.value)


def _find_bi(name: ServiceName, settings: Settings, ports: Ports, environment: dict[str, str]) -> Service:
    if name is ServiceName.superset_worker:
        return worker_service(environment)
    if name is ServiceName.superset_beat:
        return beat_service(settings, environment)
    return superset_service(settings, ports, environment)
