"""Services that only containers run, and the health question that containers ask."""

from __future__ import annotations

import subprocess
import sys

import httpx
import pytest

from connectors.errors import ConfigurationError
from connectors.settings import PROJECT_ROOT, Settings
from orchestration.cli import health
from orchestration.cli.deployment import BROKER, beat_service, worker_service
from orchestration.cli.environment import Ports, pipeline_environment
from orchestration.cli.serve import ServiceName
from orchestration.cli.services import door_service


def test_every_service_that_can_be_served_can_be_asked_for_its_health():
    assert set(health.SERVICES) == {name.value for name in ServiceName}


def test_the_door_is_served_and_found_well_and_missed_when_it_is_gone(settings, database_url):
    ports = Ports.choose(settings)
    port = ports.door
    door = door_service(settings, port, pipeline_environment(settings, database_url, ports))
    assert door.environment["OMNI_DAGSTER_URL"].endswith(f":{ports.dagster}")
    with subprocess.Popen(
        door.command, env=dict(door.environment), cwd=PROJECT_ROOT, stderr=subprocess.DEVNULL
    ) as process:
        try:
            answer = httpx.Client(transport=httpx.HTTPTransport(retries=8)).get(f"{door.url}/health")
            assert answer.json()["door"] == "open"
            assert health.is_well("door", port)
        finally:
            process.terminate()
    assert not health.is_well("door", port)


@pytest.mark.parametrize("name", ["ingest", "transform", "webserver", "superset"])
def test_a_service_that_does_not_listen_is_not_well(name, tmp_path):
    port = Ports.choose(Settings(_env_file=None, data_dir=tmp_path)).ingest
    assert not health.is_well(name, port)


def test_worker_and_beat_need_a_broker(tmp_path):
    settings = Settings(_env_file=None, data_dir=tmp_path)
    for start in (lambda: worker_service({}), lambda: beat_service(settings, {})):
        with pytest.raises(ConfigurationError, match=f"{BROKER} is not set.*redis://"):
            start()


def test_beat_is_well_while_it_keeps_writing_its_schedule(tmp_path):
    beat = beat_service(Settings(_env_file=None, data_dir=tmp_path), {BROKER: "redis://somewhere"})
    assert beat.is_well is not None
    assert not beat.is_well()
    (tmp_path / "superset").mkdir()
    (tmp_path / "superset" / "beat-schedule.db").write_bytes(b"")
    assert beat.is_well()


def test_the_health_question_answers_by_exit_code():
    result = subprocess.run(
        [sys.executable, "-m", "orchestration.cli.health", "nothing"], capture_output=True, text=True, check=False
    )
    assert result.returncode == 2
    assert "superset-worker" in result.stderr
