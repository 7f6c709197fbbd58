"""The heavy code location: checks on raw tables, dbt models and their tests.

Belongs here: what turns raw rows into marts, and the job, sensor and checks around it.
Does not belong here: SQL (`dbt_project`), reading from outside (`orchestration.ingest`).
"""
