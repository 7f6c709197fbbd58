"""What a run is given: thin resources that hand out plain objects of `connectors`.

Belongs here: `Warehouse`. Everything is looked up when a run asks, never when definitions load.
"""

from dagster import ConfigurableResource, InitResourceContext

from connectors.logs import configure_logs
from connectors.settings import Settings


class Warehouse(ConfigurableResource[None]):
    """The Postgres that raw data lands in, and the settings around it (environment, `.env`)."""

    def setup_for_execution(self, context: InitResourceContext) -> None:  # noqa: ARG002 - the framework's signature
        """Log lines of a run are as wordy as the settings say; without this the library would tell of every call."""
        configure_logs(self.settings().log_level)

    def settings(self) -> Settings:
        """The settings in force now."""
        return Settings()

    def database_url(self) -> str:
        """libpq URL of the database; starts or joins the embedded server where none is configured."""
        from connectors.postgres.server import ensure_database

        return ensure_database(self.settings())
