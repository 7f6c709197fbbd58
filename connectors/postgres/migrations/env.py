"""Alembic's door: runs the revisions on the connection that `connectors.postgres.migrate` opened; no ini, no models."""

from alembic import context
from sqlalchemy import Connection

VERSION_SCHEMA = "ops"


def run_migrations() -> None:
    """Apply the revisions in the caller's transaction; the version table lives beside the other bookkeeping."""
    connection: Connection = context.config.attributes["connection"]
    context.configure(connection=connection, version_table_schema=VERSION_SCHEMA, transactional_ddl=True)
    with context.begin_transaction():
        context.run_migrations()


run_migrations()
