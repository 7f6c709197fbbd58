"""The light code location: when and for which shop and day raw data is read.

Belongs here: assets `raw_temu/*` and `raw_files/*`, their jobs, schedules and sensors.
Does not belong here: how a record is read or stored (`connectors`), anything that needs dbt or Great Expectations
(`orchestration.transform`): a run of this location is a process, and stays cheap because it imports little.
"""
