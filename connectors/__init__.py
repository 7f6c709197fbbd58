"""Plain Python that reads from the outside world and lands it, losslessly, in raw Postgres.

Belongs here: the Temu protocol, the file readers, the sandbox gateway, and everything that writes to `raw_*` and `ops`.
Does not belong here: scheduling (see `orchestration`), meaning (see `dbt_project`), pictures (see `superset`).
Nothing in this package imports Dagster or dbt, so every part works from a REPL.
"""
