"""Dashboards under many readers: `python -m benchmarks.bi --help`."""
