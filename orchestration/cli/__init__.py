"""The `omni` command: starts, stops and shows the pipeline and its services.

Belongs here: command-line words, progress, and looking after processes. Does not belong here: reading, landing or
computing anything: every command calls the room that owns the work. Nothing imports Dagster: services are
processes.
"""
