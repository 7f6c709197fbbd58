"""Alerts and scheduled reports: what superset/assets/alerts.yaml says, evaluated on the marts and told to people.

Belongs here: reading that file (`rules`), when something is due (`times`), judging (`evaluate`), workbooks (`reports`),
the Dagster job that does it every quarter of an hour (`jobs`). Does not belong here: how a channel is spoken to
(connectors/notices). Imports neither dbt nor Great Expectations, so that it runs in the light code location.
"""
