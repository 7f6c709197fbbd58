"""`omni-dbt …`: dbt with its own options, the project as parsed when omni started, and never two of them at once.

dbt looks at every file of the project each time it starts, which takes longer than building what an event changes. And
it puts a new relation in place by names that a second dbt would use, too: one of them holds a lock in the database, the
other waits, once it is ready to build. The lock ends with its process.
Belongs here: starting dbt. Which folders it uses: `dbt_builds`. A dbt of another version, a parse of another database
and a project that was never parsed are parsed by dbt as usual.
"""

from __future__ import annotations

import os
import sys
from importlib.metadata import version
from typing import TYPE_CHECKING

from psycopg.conninfo import conninfo_to_dict

from connectors.postgres.locks import builder_lock
from connectors.postgres.urls import libpq_url
from orchestration.dbt_builds import manifest_path

if TYPE_CHECKING:
    from dbt.contracts.graph.manifest import Manifest


def main() -> int:
    """dbt's exit code: 0 well, 1 a node failed, 2 dbt did not come that far."""
    arguments = sys.argv[1:]
    if arguments == ["--version"]:  # the integration asks before each build; dbt itself takes seconds to answer
        sys.stdout.write(f"installed: {version('dbt-core')}\n")
        return 0
    from dbt.cli.main import dbtRunner

    url = libpq_url(os.environ.get("OMNI_DATABASE_URL", ""))
    runner = dbtRunner(manifest=read_parse(url))
    with builder_lock(url):
        result = runner.invoke(arguments)
    if result.exception is not None:
        sys.stderr.write(f"{result.exception}\n")
        return 2
    return 0 if result.success else 1


def read_parse(database_url: str) -> Manifest | None:
    """What dbt kept of its parse of the project, if this dbt made it, for this database."""
    from dbt.contracts.graph.manifest import Manifest
    from dbt.parser.manifest import extended_mashumuro_decoder

    path = manifest_path().with_name("partial_parse.msgpack")
    if not path.is_file():
        return None
    parsed = Manifest.from_msgpack(path.read_bytes(), decoder=extended_mashumuro_decoder)
    made_by, made_for = parsed.metadata.dbt_version, {node.database for node in parsed.nodes.values()}
    if made_by != version("dbt-core") or made_for != {conninfo_to_dict(database_url).get("dbname")}:
        return None
    parsed.build_flat_graph()  # type: ignore[no-untyped-call]
    return parsed
