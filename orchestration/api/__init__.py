"""The door to the outside: pushed events come in, and programs of yours start runs, see tasks and edit shops.

Belongs here: one ASGI application, its rules of access, its errors. Does not belong here: how an event is verified
(`connectors.temu.webhooks`), what a run does (`orchestration.ingest`). No Dagster import: runs are started through its
web server. Run alone: `omni serve door --port 8090`, then open /api/docs.
"""
