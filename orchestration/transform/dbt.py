"""dbt as Dagster's integration calls it.

Belongs here: the command line resource. What is built, and as which assets, is told in `marts`.
"""

from __future__ import annotations

import os

from dagster_dbt import DbtCliResource

from orchestration.dbt_builds import DBT_COMMAND, DBT_PROJECT_DIR
from orchestration.resources import Warehouse


def dbt_of(warehouse: Warehouse) -> DbtCliResource:
    """dbt on this warehouse."""
    # dbt learns its connection from the environment alone; an embedded server is known only by now.
    os.environ["OMNI_DATABASE_URL"] = warehouse.database_url()
    directory = os.fspath(DBT_PROJECT_DIR)
    return DbtCliResource(project_dir=directory, profiles_dir=directory, dbt_executable=os.fspath(DBT_COMMAND))
