"""docker-compose.yml against the code: images, commands, variables, health questions, ports, secrets."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest
import yaml
from typer.main import get_command

from connectors.settings import Settings
from orchestration.cli import health
from orchestration.cli.app import app
from orchestration.cli.serve import ServiceName

ROOT = Path(__file__).parent.parent
TEXT = (ROOT / "docker-compose.yml").read_text(encoding="utf-8")
SERVICES = yaml.safe_load(TEXT)["services"]
DOCKERFILES = [ROOT / "orchestration" / "Dockerfile", ROOT / "superset" / "Dockerfile"]
ONE_SHOT = {"migrate", "provision"}
OURS = {name: service for name, service in SERVICES.items() if service["image"].startswith("temu-omni")}
SETTINGS = {f"OMNI_{name.upper()}" for name in Settings.model_fields}


def words_in(*paths: str) -> set[str]:
    """Every OMNI_ name that these files or folders mention."""
    files = [f for path in paths for f in ([ROOT / path] if (ROOT / path).is_file() else (ROOT / path).rglob("*.py"))]
    files = [file for file in files if ".venv" not in file.parts]
    return {word for file in files for word in re.findall(r"OMNI_[A-Z_]+[A-Z]", file.read_text(encoding="utf-8"))}


def test_the_whole_house_is_there():
    assert {"postgres", "migrate", "ingest", "transform", "webserver", "daemon", "door"} <= set(SERVICES)
    assert {"redis", "provision", "superset", "superset-worker", "superset-beat"} <= set(SERVICES)
    assert {name.value for name in ServiceName} <= set(OURS)


@pytest.mark.parametrize("name", SERVICES)
def test_every_image_has_a_pinned_version(name):
    assert re.fullmatch(r"[a-z/-]+:\d+\.\d+(\.\d+)?(-[a-z0-9]+)?", SERVICES[name]["image"])


@pytest.mark.parametrize("name", OURS)
def test_every_command_is_a_command_of_omni_with_options_that_it_knows(name):
    program, *words = OURS[name]["command"]
    assert program == "omni"
    command = get_command(app)
    context = command.make_context("omni", list(words), resilient_parsing=True)
    while words and hasattr(command, "commands"):
        command = command.get_command(context, words.pop(0))
        assert command is not None, f"omni knows no {OURS[name]['command']}"
    parsed = command.make_context("omni", words)  # raises UsageError for an unknown option or service
    if command.name == "serve":
        assert parsed.params["name"].value == name


@pytest.mark.parametrize("name", sorted(set(SERVICES) - ONE_SHOT))
def test_every_service_that_stays_has_a_health_check_and_starts_again(name):
    assert SERVICES[name]["healthcheck"]["test"][0] == "CMD"
    assert SERVICES[name]["restart"] == "unless-stopped"


@pytest.mark.parametrize("name", sorted(set(OURS) - ONE_SHOT))
def test_a_health_check_asks_the_service_itself_at_the_port_where_it_listens(name):
    check = OURS[name]["healthcheck"]["test"]
    assert check[1:4] == ["python", "-m", health.__name__]
    assert check[4] == name
    assert check[5:] == OURS[name]["command"][3:]


def test_steps_that_end_run_once_and_are_waited_for_and_servers_must_be_well():
    assert {SERVICES[name]["restart"] for name in ONE_SHOT} == {"no"}
    for name, service in SERVICES.items():
        for needed, terms in service.get("depends_on", {}).items():
            wanted = "service_completed_successfully" if needed in ONE_SHOT else "service_healthy"
            assert terms == {"condition": wanted}, f"{name} needs {needed}"


def test_every_port_is_bound_to_this_machine_only_and_leads_to_a_listener():
    for name, service in SERVICES.items():
        for port in service.get("ports", []):
            found = re.fullmatch(r"127\.0\.0\.1:\$\{OMNI_[A-Z]+_PORT:-\d+\}:(\d+)", port)
            assert found, f"{name}: {port}"
            assert service["command"][-1] == found[1]


def test_code_servers_are_looked_for_where_they_listen():
    for location in ("ingest", "transform"):
        assert SERVICES["daemon"]["environment"][f"OMNI_{location.upper()}_HOST"] == location
        assert SERVICES["daemon"]["environment"][f"OMNI_{location.upper()}_PORT"] == SERVICES[location]["command"][-1]


def test_every_service_knows_the_dashboards_where_readers_and_where_containers_find_them():
    superset = SERVICES["superset"]
    port = re.search(r":-(\d+)\}:", superset["ports"][0])[1]
    for name, service in OURS.items():
        told = service["environment"]
        assert told["OMNI_SUPERSET_URL"].endswith(f"http://localhost:${{OMNI_SUPERSET_PORT:-{port}}}}}"), name
        assert told["OMNI_SUPERSET_INTERNAL_URL"] == f"http://superset:{superset['command'][-1]}", name


def test_every_variable_asked_for_is_documented():
    asked = set(re.findall(r"\$\{([A-Z_]+)", TEXT))
    documented = set(
        re.findall(r"^# (OMNI_[A-Z_]+)=", (ROOT / ".env.example").read_text(encoding="utf-8"), re.MULTILINE)
    )
    assert asked
    assert asked <= documented


def test_every_variable_given_is_read_by_the_code():
    given = {key for service in OURS.values() for key in service["environment"]}
    read = SETTINGS | words_in("orchestration", "superset", "workspace.yaml")
    assert given
    assert given <= read


def test_there_is_no_default_secret():
    for name, value in re.findall(r"\$\{(\w*(?:PASSWORD|SECRET|KEY|TOKEN)\w*)(.*?)\}", TEXT):
        assert value == ":-" or value.startswith(":?"), f"{name} has a default"
    for service in SERVICES.values():
        for key, value in service.get("environment", {}).items():
            if re.search("PASSWORD|SECRET|KEY|TOKEN", key):
                assert value.startswith("${")


def test_the_door_writes_into_the_inbox_that_the_pipeline_reads_and_finds_dagster_where_it_listens():
    door, webserver = SERVICES["door"], SERVICES["webserver"]
    assert door["volumes"] == SERVICES["ingest"]["volumes"]
    assert door["environment"]["OMNI_DATA_DIR"] == SERVICES["ingest"]["environment"]["OMNI_DATA_DIR"]
    assert door["environment"]["OMNI_DAGSTER_URL"] == f"http://webserver:{webserver['command'][-1]}"


def test_superset_sees_neither_the_database_user_of_the_pipeline_nor_its_secrets():
    for name in ("superset", "superset-worker", "superset-beat"):
        told = SERVICES[name]["environment"]
        assert "OMNI_DATABASE_URL" not in told
        assert not any("OMNI_POSTGRES_PASSWORD" in value for value in told.values())
        assert "env_file" not in SERVICES[name]
        assert SERVICES[name]["volumes"] == ["superset-data:/data/superset"]


def test_what_superset_reads_is_written_by_provision_and_what_it_was_asked_is_read_by_the_pipeline():
    home = f"superset-data:{SERVICES['superset']['environment']['OMNI_DATA_DIR']}/superset"
    for name in ("provision", "transform"):
        assert SERVICES[name]["volumes"] == ["omni-data:/data", home]
    assert (
        SERVICES["provision"]["environment"]["OMNI_DATABASE_URL"]
        == (SERVICES["ingest"]["environment"]["OMNI_DATABASE_URL"])
    )


def test_volumes_are_named_and_postgres_keeps_its_data():
    used = {volume.split(":")[0] for service in SERVICES.values() for volume in service.get("volumes", [])}
    assert used == set(yaml.safe_load(TEXT)["volumes"])
    assert SERVICES["postgres"]["volumes"] == ["postgres-data:/var/lib/postgresql"]


@pytest.mark.parametrize("path", DOCKERFILES, ids=lambda path: path.parent.name)
def test_an_image_is_built_from_the_locks_as_an_ordinary_user(path):
    text = path.read_text(encoding="utf-8")
    python = re.search(r"^FROM python:(\d+\.\d+)\.\d+-slim-\w+$", text, re.MULTILINE)
    assert python
    assert python[1] in {"3.11", "3.12"}, "both environments must support it"
    locked = {p["name"]: p["version"] for p in tomllib.loads((ROOT / "uv.lock").read_text(encoding="utf-8"))["package"]}
    assert f"uv=={locked['uv']} " in text
    assert all("--frozen" in line for line in text.splitlines() if line.startswith("RUN uv sync"))
    assert re.findall(r"^USER (\w+)$", text, re.MULTILINE) == ["omni"]


@pytest.mark.parametrize("path", DOCKERFILES, ids=lambda path: path.parent.name)
def test_everything_that_an_image_copies_passes_the_docker_ignore_file(path):
    allowed = {
        line[1:] for line in (ROOT / ".dockerignore").read_text(encoding="utf-8").splitlines() if line[:1] == "!"
    }
    for copied in re.findall(r"^COPY --chown=omni:omni (.+) \S+$", path.read_text(encoding="utf-8"), re.MULTILINE):
        for name in copied.split():
            assert (ROOT / name).exists()
            assert name == "." or name.split("/")[0] in allowed
    assert all((ROOT / name).exists() for name in allowed)
