"""How records land in Postgres: the server itself, its shape, and the writers of raw tables and bookkeeping.

Start: `server.ensure_database`, then `migrate.migrate`. Shape: `migrations`, `roles`, `urls`. Does not belong here: the
Temu protocol (`connectors.temu`), files (`connectors.files`), meaning (dbt).
"""
