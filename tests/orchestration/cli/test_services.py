"""Services as real processes: started, found well, restarted, and never left behind."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest

from connectors.errors import ConfigurationError
from connectors.settings import PROJECT_ROOT, Settings
from orchestration.cli.services import STOP_SECONDS, Service, Supervisor, recorded, stop_leftovers
from orchestration.cli.up import run_down

SLEEPER = "import time; print('awake', flush=True); time.sleep(600)"


def service(name: str, code: str, **options: object) -> Service:
    return Service(name, [sys.executable, "-c", code], dict(os.environ), **options)  # type: ignore[arg-type]


def runs(pid: int) -> bool:
    """Whether it is at work; of an orphan that has ended, pid 1 may not have taken notice yet."""
    try:
        return psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def touching(path: Path) -> str:
    return f"import pathlib, time; pathlib.Path({str(path)!r}).touch(); time.sleep(600)"


def test_a_service_is_well_once_its_check_says_so_and_ends_with_the_supervisor(
    settings: Settings, tmp_path: Path
) -> None:
    supervisor, sign = Supervisor(settings), tmp_path / "ready"
    one = service("one", touching(sign), is_well=sign.exists)
    supervisor.start(one)
    supervisor.wait_until_well(one)
    running = recorded(settings).running
    assert [each.name for each in running] == ["one"]
    supervisor.stop()
    assert not psutil.pid_exists(running[0].pid)
    assert recorded(settings) == (None, [], [])


def test_a_service_that_ends_at_once_is_explained_by_the_end_of_its_log(settings: Settings) -> None:
    supervisor = Supervisor(settings)
    broken = service("broken", "raise SystemExit('no such port')", is_well=lambda: False)
    supervisor.start(broken)
    with pytest.raises(ConfigurationError, match=r"broken ended at once with exit code 1(.|\n)*no such port"):
        supervisor.wait_until_well(broken)
    supervisor.stop()


def test_a_silent_service_is_given_up_after_its_time(settings: Settings) -> None:
    supervisor = Supervisor(settings)
    silent = service("silent", SLEEPER, is_well=lambda: False, start_seconds=0.5)
    supervisor.start(silent)
    with pytest.raises(ConfigurationError, match=r"silent did not answer within"):
        supervisor.wait_until_well(silent)
    supervisor.stop()


def test_an_ended_service_is_noticed_and_starts_again(settings: Settings, tmp_path: Path) -> None:
    supervisor, sign = Supervisor(settings), tmp_path / "ready"
    one = service("one", touching(sign), is_well=sign.exists)
    supervisor.start(one)
    supervisor.wait_until_well(one)
    first = recorded(settings).running[0].pid
    os.kill(first, signal.SIGKILL)
    psutil.Process(first).wait(timeout=10)
    assert supervisor.ended() == ["one"]
    supervisor.restart("one")
    assert supervisor.ended() == []
    supervisor.stop()


def test_omni_down_does_not_touch_a_process_that_has_the_pid_of_a_supervisor_of_old(settings: Settings) -> None:
    record = settings.data_dir / "run" / "services.json"
    record.parent.mkdir(parents=True)
    with subprocess.Popen([sys.executable, "-c", SLEEPER], stdout=subprocess.PIPE) as stranger:
        assert stranger.stdout is not None
        stranger.stdout.readline()
        record.write_text(json.dumps({"supervisor": stranger.pid, "created": 1e9, "services": []}))
        try:
            assert recorded(settings).supervisor is None
            run_down(settings)
            assert runs(stranger.pid)
        finally:
            stranger.kill()
    assert not record.exists()


def test_the_supervisor_is_known_while_it_runs(settings: Settings) -> None:
    supervisor = Supervisor(settings)
    supervisor.start(service("one", SLEEPER))
    assert recorded(settings).supervisor == os.getpid()
    supervisor.stop()


def test_services_of_a_killed_omni_are_stopped_by_the_next_one(settings: Settings) -> None:
    code = (
        "import os, sys\n"
        "from pathlib import Path\n"
        "from connectors.settings import Settings\n"
        "from orchestration.cli.services import Service, Supervisor\n"
        "settings = Settings(_env_file=None, data_dir=Path(sys.argv[1]))\n"
        f"Supervisor(settings).start(Service('orphan', [sys.executable, '-c', {SLEEPER!r}], dict(os.environ)))\n"
        "os.kill(os.getpid(), 9)\n"
    )
    killed = subprocess.run([sys.executable, "-c", code, str(settings.data_dir)], cwd=PROJECT_ROOT, check=False)
    assert killed.returncode == -signal.SIGKILL
    orphan = recorded(settings).running[0]
    assert runs(orphan.pid)
    asked = time.monotonic()
    assert stop_leftovers(settings) == ["orphan"]
    assert time.monotonic() - asked < STOP_SECONDS
    assert not runs(orphan.pid)
    assert stop_leftovers(settings) == []
