"""When, for which shop and day, and what to do on failure: Dagster definitions and the `omni` command.

Belongs here: assets, partitions, schedules, sensors, checks, and starting and stopping the services.
Does not belong here: how a record is read or landed (see `connectors`), what it means (see `dbt_project`).
"""
