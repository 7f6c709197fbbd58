"""Companion files: what a company keeps beside the platform (costs, rates, targets, charges, settlements, stock).

Belongs here: CSV rows that fit the world's orders. Does not belong here: reading such files.
"""

from connectors.sandbox.files.writer import write_files

__all__ = ["write_files"]
