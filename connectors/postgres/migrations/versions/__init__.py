"""Alembic revisions of the raw and bookkeeping tables."""
