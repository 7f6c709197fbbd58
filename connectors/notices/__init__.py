"""Telling people: one message to a mailbox or a chat group.

Belongs here: how each channel is addressed and signed (`channels`, `mail`), who is told (`recipients`). Does not belong
here: when something is worth telling (orchestration/alerts). Imports neither Dagster nor dbt.
"""
