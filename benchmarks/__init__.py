"""Measurements that back the project's claims about speed. Each runs alone: `python -m benchmarks.<name>`."""
