"""The embedded server: shared, crash-proof, polite. Every test here runs a real Postgres of its own."""

from __future__ import annotations

import json
import os
import pwd
import shutil
import signal
import socket
import stat
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil
import psycopg
import pytest
from pydantic import SecretStr

from connectors.errors import ConfigurationError
from connectors.postgres import binaries, place
from connectors.postgres.binaries import find_binaries
from connectors.postgres.server import ensure_database, status, stop_embedded
from connectors.settings import Settings

as_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root can become another user")


@contextmanager
def _open_folder() -> Iterator[Settings]:
    """Settings with a data folder of their own, which every user may enter; its server is stopped at the end."""
    folder = Path(tempfile.mkdtemp(prefix="omni-test-"))
    folder.chmod(0o755)
    settings = Settings(_env_file=None, data_dir=folder / "data")
    yield settings
    if (folder / "data").exists():
        stop_embedded(settings)
    shutil.rmtree(folder)


@pytest.fixture(scope="module")
def embedded() -> Iterator[Settings]:
    """An embedded server that the tests of this module stop, kill and start again."""
    with _open_folder() as settings:
        yield settings


@pytest.fixture
def fresh() -> Iterator[Settings]:
    """An embedded server that was never started."""
    with _open_folder() as settings:
        yield settings


@pytest.fixture
def shut_folder() -> Iterator[Path]:
    """A 0700 folder, as `mktemp -d` makes it."""
    folder = Path(tempfile.mkdtemp(prefix="omni-shut-"))
    yield folder
    shutil.rmtree(folder)


def test_the_server_is_started_once_and_joined_afterwards(embedded):
    first = ensure_database(embedded)
    pid = status(embedded).pid
    assert ensure_database(embedded) == first
    assert status(embedded).pid == pid
    with psycopg.connect(first) as connection:
        assert connection.execute("show timezone").fetchone() == ("UTC",)
        assert connection.execute("show fsync").fetchone() == ("on",)
        assert connection.execute("show listen_addresses").fetchone() == ("127.0.0.1",)
        assert connection.execute("select lower('ÄÖ'), current_database()").fetchone() == ("äö", "omni")


def test_stopping_tells_whether_it_ran_and_a_restart_keeps_data_and_port(embedded):
    url = ensure_database(embedded)
    _remember(url, "kept")
    assert stop_embedded(embedded)
    assert not stop_embedded(embedded)
    assert not status(embedded).running
    assert ensure_database(embedded) == url
    assert _remembered(url) == ["kept"]


def test_two_processes_that_start_at_once_get_the_same_url(fresh):
    children = [_forked(lambda: ensure_database(fresh)) for _ in range(2)]
    urls = [_result(child) for child in children]
    assert urls[0] == urls[1] == ensure_database(fresh)


def test_the_server_outlives_a_killed_starter(fresh):
    def start_and_die() -> str:
        ensure_database(fresh)
        os.kill(os.getpid(), signal.SIGKILL)
        return "unreachable"

    _, child = starter = _forked(start_and_die)
    assert _result(starter) is None
    assert not psutil.pid_exists(child)
    assert status(fresh).running


def test_committed_rows_survive_a_killed_server(embedded):
    url = ensure_database(embedded)
    _remember(url, "committed")
    os.kill(status(embedded).pid, signal.SIGKILL)
    assert ensure_database(embedded) == url
    assert _remembered(url) == ["committed"]


def test_a_killed_server_starts_again_though_a_busy_backend_outlived_it(embedded):
    url = ensure_database(embedded)
    with psycopg.connect(url) as busy:
        busy.pgconn.send_query(b"select count(*) from generate_series(1, 10000000000)")
        os.kill(status(embedded).pid, signal.SIGKILL)
        assert ensure_database(embedded) == url
        assert not _works(busy.info.backend_pid)
        busy.close()


def test_a_pid_file_whose_pid_now_belongs_to_another_program_does_no_harm(embedded):
    url = ensure_database(embedded)
    pid_file = embedded.data_dir / "postgres" / "cluster" / "postmaster.pid"
    left_over = pid_file.read_text().splitlines()
    stop_embedded(embedded)
    pid_file.write_text("\n".join([str(os.getpid()), *left_over[1:]]) + "\n")
    assert ensure_database(embedded) == url


def test_an_interrupted_first_start_is_begun_again(fresh):
    scratch = fresh.data_dir / "postgres" / "cluster.new"
    scratch.mkdir(parents=True)
    (scratch / "PG_VERSION").write_text("18\n")
    with psycopg.connect(ensure_database(fresh)) as connection:
        assert connection.execute("select 1").fetchone() == (1,)


def test_nobody_but_the_owner_reads_password_and_data(embedded):
    ensure_database(embedded)
    secret = embedded.data_dir / "secrets" / "postgres_superuser"
    assert stat.S_IMODE(secret.stat().st_mode) == 0o600
    assert stat.S_IMODE(secret.parent.stat().st_mode) == 0o700
    assert stat.S_IMODE((embedded.data_dir / "postgres" / "cluster").stat().st_mode) == 0o700
    assert not (embedded.data_dir / "postgres" / "password.new").exists()
    assert secret.read_text().strip() not in f"{status(embedded)!r} {status(embedded)}"


@as_root
def test_root_hands_the_server_to_an_unprivileged_user(embedded):
    ensure_database(embedded)
    seen = status(embedded)
    assert psutil.Process(seen.pid).username() == seen.runs_as != "root"


@as_root
def test_an_ordinary_user_runs_the_server_as_themselves(fresh):
    nobody = pwd.getpwnam("nobody")
    fresh.data_dir.mkdir()
    os.chown(fresh.data_dir, nobody.pw_uid, nobody.pw_gid)

    def use_as_nobody() -> str:
        os.setgroups([])
        os.setgid(nobody.pw_gid)
        os.setuid(nobody.pw_uid)
        _remember(ensure_database(fresh), "mine")
        return psutil.Process(status(fresh).pid).username()

    assert _result(_forked(use_as_nobody)) == "nobody"
    # Root joins the server of the folder's owner instead of starting a second one.
    assert _remembered(ensure_database(fresh)) == ["mine"]
    assert status(fresh).runs_as == "nobody"


@as_root
def test_below_a_shut_folder_root_keeps_data_and_programs_where_the_server_can_reach_them(shut_folder):
    package = find_binaries(Settings(_env_file=None)).folder.parent
    installed = shut_folder / package.parent.name / package.name
    shutil.copytree(package, installed, symlinks=True, ignore=shutil.ignore_patterns("include"))
    for libraries in package.parent.parent.glob(f"{package.parent.name}.libs"):
        shutil.copytree(libraries, shut_folder / libraries.name)
    (shut_folder / "data").mkdir()
    settings = Settings(_env_file=None, data_dir=shut_folder / "data", postgres_bin=installed / "bin")
    try:
        url = ensure_database(settings)
        seen = status(settings)
        assert seen.folder.parent == Path("/var/tmp")
        assert (stat.S_IMODE(seen.folder.stat().st_mode), seen.folder.owner()) == (0o700, seen.runs_as)
        assert str(seen.folder) in seen.note
        _remember(url, "kept")
        stop_embedded(settings)
        assert _remembered(ensure_database(settings)) == ["kept"]
    finally:
        stop_embedded(settings)
        shutil.rmtree(status(settings).folder)


@as_root
def test_deleting_the_data_folder_begins_anew_though_the_database_lived_elsewhere(shut_folder):
    settings = Settings(_env_file=None, data_dir=shut_folder / "data")
    try:
        _remember(ensure_database(settings), "old")
        former = status(settings)
        shutil.rmtree(settings.data_dir)
        with psycopg.connect(ensure_database(settings)) as connection:
            assert connection.execute("select to_regclass('words')").fetchone() == (None,)
        assert not _works(former.pid)
        assert former.folder.with_name(f"{former.folder.name}.old").is_dir()
    finally:
        stop_embedded(settings)
        for folder in former.folder.parent.glob(f"{former.folder.name}*"):
            shutil.rmtree(folder)


@as_root
def test_a_strangers_folder_in_the_shared_place_is_refused(shut_folder, monkeypatch):
    shared = Path(tempfile.mkdtemp(prefix="omni-test-"))
    shared.chmod(0o755)
    monkeypatch.setattr(place, "REACHABLE_PARENT", shared)
    settings = Settings(_env_file=None, data_dir=shut_folder / "data")
    strangers = place._elsewhere(settings.data_dir / "postgres")
    strangers.mkdir(mode=0o777)
    (strangers / "cluster").mkdir()
    os.chown(strangers, 12345, 12345)
    try:
        with pytest.raises(ConfigurationError, match="belongs to someone else"):
            ensure_database(settings)
    finally:
        shutil.rmtree(shared)


def test_a_nearly_full_disk_is_refused_before_anything_is_written(fresh, monkeypatch):
    usage = shutil.disk_usage("/")._replace(free=299 * 1024**2)
    monkeypatch.setattr(shutil, "disk_usage", lambda path: usage)
    with pytest.raises(ConfigurationError, match=r"only 299 MB are free .* Postgres needs 300 → free some space"):
        ensure_database(fresh)
    assert not (fresh.data_dir / "postgres" / "cluster").exists()


def test_a_server_that_does_not_start_says_why(fresh):
    ensure_database(fresh)
    stop_embedded(fresh)
    with (fresh.data_dir / "postgres" / "cluster" / "postgresql.conf").open("a") as file:
        file.write("no_such_setting = 1\n")
    with pytest.raises(ConfigurationError, match=r"(?s)did not start .*no_such_setting.*→ see .*server\.log"):
        ensure_database(fresh)


def test_a_configured_port_that_is_taken_is_named(embedded):
    stop_embedded(embedded)
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        taken = embedded.model_copy(update={"postgres_port": other.getsockname()[1]})
        with pytest.raises(ConfigurationError, match="is taken → choose another OMNI_POSTGRES_PORT"):
            ensure_database(taken)


def test_a_lost_password_is_explained(fresh):
    ensure_database(fresh)
    (fresh.data_dir / "secrets" / "postgres_superuser").write_text("something else\n")
    with pytest.raises(ConfigurationError, match=r"does not let us in: .*restore secrets/postgres_superuser"):
        ensure_database(fresh)


def test_a_folder_without_programs_is_not_passed_over(fresh, tmp_path):
    with pytest.raises(ConfigurationError, match="OMNI_POSTGRES_BIN names"):
        ensure_database(fresh.model_copy(update={"postgres_bin": tmp_path}))


def test_without_any_programs_the_remedy_names_the_ways_out(fresh, monkeypatch):
    monkeypatch.setattr(binaries, "_candidates", lambda settings: iter(()))
    with pytest.raises(ConfigurationError, match=r"OMNI_POSTGRES_BIN .*OMNI_DATABASE_URL"):
        ensure_database(fresh)


def test_the_packaged_programs_come_before_those_of_the_system():
    assert find_binaries(Settings(_env_file=None)).origin == "package"


def test_a_data_folder_of_an_unknown_version_is_refused(fresh):
    with pytest.raises(ConfigurationError, match="was made by Postgres 13, but only"):
        find_binaries(fresh, 13)


def test_an_unreachable_configured_server_is_named_without_its_password():
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        port = closed.getsockname()[1]
        url = f"postgresql://me:canary-7731@127.0.0.1:{port}/shop?application_name=canary-7731"
        settings = Settings(_env_file=None, database_url=SecretStr(url))
        with pytest.raises(
            ConfigurationError, match=rf"no connection to postgresql://me@127.0.0.1:{port}/shop"
        ) as caught:
            ensure_database(settings)
    assert "canary-7731" not in f"{caught.value} {status(settings)!r}"


def test_a_configured_server_is_used_as_it_is(settings, database_url):
    assert ensure_database(settings) == database_url
    assert (status(settings).kind, status(settings).running) == ("configured", True)
    assert not (settings.data_dir / "postgres").exists()


def _remember(url: str, word: str) -> None:
    with psycopg.connect(url) as connection:
        connection.execute("drop table if exists words")
        connection.execute("create table words (word text)")
        connection.execute("insert into words values (%s)", [word])


def _remembered(url: str) -> list[str]:
    with psycopg.connect(url) as connection:
        return [word for (word,) in connection.execute("select word from words").fetchall()]


def _works(pid: int) -> bool:
    # Where process 1 collects no orphans, the dead stay listed.
    return psutil.pid_exists(pid) and psutil.Process(pid).status() != psutil.STATUS_ZOMBIE


def _forked(action: Callable[[], str]) -> tuple[int, int]:
    """Run `action` in a child process; where its result can be read, and its pid."""
    read_end, write_end = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            os.write(write_end, json.dumps({"result": action()}).encode())
        except BaseException as error:  # noqa: BLE001 - whatever happened, the parent shall show it
            os.write(write_end, json.dumps({"error": repr(error)}).encode())
        finally:
            os._exit(0)
    os.close(write_end)
    return read_end, child


def _result(forked: tuple[int, int]) -> str | None:
    """What the child returned; None when it died without a word. Its error is ours."""
    with os.fdopen(forked[0]) as answers:
        text = answers.read()
    os.waitpid(forked[1], 0)
    answer = json.loads(text or '{"result": null}')
    assert "error" not in answer, answer
    return answer["result"]
