"""The modules of superset/ are no package (it would hide Superset itself): tests import them from their folder."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from typing import Any

import pytest

from connectors.settings import PROJECT_ROOT
from tests.superset.installation import Installation

SUPERSET = PROJECT_ROOT / "superset"


@pytest.fixture(scope="session")
def superset_modules() -> Iterator[None]:
    """While this is in force, `import bundle` and its neighbours work."""
    sys.path.insert(0, str(SUPERSET))
    yield
    sys.path.remove(str(SUPERSET))


@pytest.fixture(scope="session")
def assets(superset_modules: None) -> Any:
    """The parsed files of superset/assets."""
    from bundle import Assets

    return Assets.read(SUPERSET / "assets")


@pytest.fixture(scope="session")
def installation(postgres_server: Any, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Installation]:
    """A Superset that was provisioned once; no mart exists."""
    url = postgres_server.create_database()
    one = Installation.prepare(postgres_server, url, tmp_path_factory.mktemp("superset") / "data")
    result = one.run("provision.py")
    assert result.returncode == 0, result.stderr[-3000:]
    yield one
    postgres_server.drop_database(url)
