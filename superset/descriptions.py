"""What a column means, in both languages, from the contracts of the marts: written once, in dbt, shown in Superset.

Belongs here: reading the descriptions of dbt's model files and the doc blocks they name. Pure: no dbt is needed, only
its files.
"""

import re
from functools import lru_cache
from pathlib import Path

import yaml

MARTS = Path(__file__).resolve().parent.parent / "dbt_project" / "models" / "marts"
_BLOCK = re.compile(r"{%-? *docs (\w+) *-?%}(.*?){%-? *enddocs *-?%}", re.DOTALL)
_NAMED = re.compile(r"{{ *doc\('(\w+)'\) *}}")


@lru_cache(maxsize=4)
def mart_descriptions(folder: Path = MARTS) -> dict[str, dict[str, str]]:
    """Mart → column → description (Chinese / English). KeyError names a doc block that does not exist."""
    blocks = {
        name: text.strip()
        for path in sorted(folder.rglob("*.md"))
        for name, text in _BLOCK.findall(path.read_text(encoding="utf-8"))
    }
    found: dict[str, dict[str, str]] = {}
    for path in sorted(folder.rglob("*.yml")):
        for model in yaml.safe_load(path.read_text(encoding="utf-8")).get("models", []):
            described = {one["name"]: one["description"] for one in model.get("columns", []) if one.get("description")}
            found[model["name"]] = {
                column: _NAMED.sub(lambda named: blocks[named[1]], text) for column, text in described.items()
            }
    return found
