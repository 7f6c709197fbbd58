"""The shape of the database after `migrate`."""

from connectors.postgres.migrate import describe, migrate, pending


def test_migrating_twice_changes_nothing_and_leaves_nothing_pending(database_url, settings):
    before = describe(database_url)
    migrate(database_url, settings)
    assert describe(database_url) == before
    assert not pending(database_url)
