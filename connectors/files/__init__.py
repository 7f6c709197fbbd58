"""How files land: costs, managers, FX rates, targets, charges, settlements and stock, from CSV and XLSX to `raw_files`.

Belongs here: reading a file as text, typing each cell exactly, telling people which rows were refused and why, and
landing the good rows in one transaction with the import history.
Does not belong here: what a row means (rules M, K, G, F, C live in `dbt_project`) and when the inbox is visited
(`orchestration`).

Run alone: `import_file(url, Path("product_costs.csv"), run_id="by-hand", dry_run=True)`.

A file's name is its identity. The prefix selects the table (`product_costs_2026-11.xlsx` → `raw_files.product_costs`);
the same name with new content is a new version, whose rows replace those of the version before; the same content
again changes nothing. Rows are keyed by (file_hash, row_no), row_no being the row number that a spreadsheet shows.
"""

from connectors.files.inbox import dropped_files, import_inbox
from connectors.files.landing import Watch, import_file
from connectors.files.report import ImportReport

__all__ = ["ImportReport", "Watch", "dropped_files", "import_file", "import_inbox"]
