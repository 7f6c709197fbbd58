"""What a column means, in both languages, from the contracts of the marts: written once, in dbt, shown in Superset.

Belongs here: reading the descriptions of dbt's model files. Pure: no dbt is needed, only its YAML files.
"""

from functools import lru_cache
from pathlib import Path

import yaml

MARTS = Path(__file__).resolve().parent.parent / "dbt_project" / "models" / "marts"


@lru_cache(maxsize=4)
def mart_descriptions(folder: Path = MARTS) -> dict[str, dict[str, str]]:
    """Mart → column → description (Chinese / English)."""
    found: dict[str, dict[str, str]] = {}
    for path in sorted(folder.rglob("*.yml")):
        for model in yaml.safe_load(path.read_text(encoding="utf-8")).get("models", []):
            columns = model.get("columns", [])
            found[model["name"]] = {one["name"]: one["description"] for one in columns if one.get("description")}
    return found
