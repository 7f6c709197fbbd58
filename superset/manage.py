"""An installation beside the files: `python superset/manage.py export FOLDER | drift | leftovers | prune`.

Belongs here: reading what a running Superset has, comparing it with assets/, removing what left the files. The door for
`omni bi`; each action prints one JSON document on its last line. What was born in a browser has a random identity and
is never pruned: files have identities derived from their names.
"""

import json
import sys
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml
from bundle import Assets
from provision import start_app
from unbundle import KINDS, Installed, deafness

HERE = Path(__file__).resolve().parent
FROM_FILES = 5  # version of an identity that is derived from a name
UNORDERED = {"ignores_filters"}


def installed(assets: Assets) -> dict[str, dict[str, dict[str, Any]]]:
    """Kind → slug → body in the format of the files, for everything that this installation has."""
    found = {"datasets": _datasets(), "charts": _charts(), "dashboards": _dashboards()}
    chart_uuids = {one["id"]: one["uuid"] for one in found["charts"]}
    state = Installed(assets, chart_uuids)
    by_uuid = {one["uuid"]: one for one in found["datasets"]}
    slugs = {one["uuid"]: state.slug("datasets", one["uuid"], one["table_name"]) for one in found["datasets"]}
    deaf = deafness(found["dashboards"], chart_uuids)
    charts = {}
    for one in found["charts"]:
        dataset = by_uuid[one["dataset_uuid"]]
        body = state.chart(one, dataset, slugs[one["dataset_uuid"]])
        body |= {"ignores_filters": deaf[one["uuid"]]} if one["uuid"] in deaf else {}
        charts[state.slug("charts", one["uuid"], one["slice_name"])] = body
    return {
        "datasets": {slugs[one["uuid"]]: state.dataset(one) for one in found["datasets"]},
        "charts": charts,
        "dashboards": {
            state.slug("dashboards", one["uuid"], one["slug"] or one["dashboard_title"]): state.dashboard(one)
            for one in found["dashboards"]
        },
    }


def export(folder: Path, assets: Assets) -> list[str]:
    """Write everything that differs from the files; returns the names of what was written."""
    written = []
    places = {path.stem: path for kind in KINDS for path in (HERE / "assets" / kind).rglob("*.yaml")}
    for kind, bodies in installed(assets).items():
        for slug, body in bodies.items():
            if not _differences(_comparable(getattr(assets, kind).get(slug)), _comparable(body)):
                continue
            old = places.get(slug)
            place = old.relative_to(HERE / "assets") if old else Path(kind) / f"{slug}.yaml"
            path = folder / place
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(_yaml(body), encoding="utf-8")
            written.append(str(place))
    return written


def drift(assets: Assets) -> list[str]:
    """Where the installation differs from the files, one line each; nothing when it does not."""
    told = []
    for kind, bodies in installed(assets).items():
        files = getattr(assets, kind)
        told += [f"{kind}/{slug}: not in this installation" for slug in files if slug not in bodies]
        for slug, body in bodies.items():
            if slug not in files:
                told.append(f"{kind}/{slug}: not in the files")
                continue
            told += [f"{kind}/{slug}: {one}" for one in _differences(_comparable(files[slug]), _comparable(body))]
    return told


def leftovers(assets: Assets, *, remove: bool) -> list[str]:
    """What came from files that are gone; `remove` deletes it, dashboards first."""
    from superset.extensions import db

    told = []
    for kind, models in reversed(list(_models().items())):
        known = {body["uuid"] for body in getattr(assets, kind).values()}
        for one in models:
            if str(one.uuid) not in known and uuid.UUID(str(one.uuid)).version == FROM_FILES:
                told.append(f"{kind}: {_title(one)}")
                if remove:
                    db.session.delete(one)
    db.session.commit()
    return told


def _models() -> dict[str, list[Any]]:
    from superset.connectors.sqla.models import SqlaTable
    from superset.extensions import db
    from superset.models.dashboard import Dashboard
    from superset.models.slice import Slice

    kinds = {"datasets": SqlaTable, "charts": Slice, "dashboards": Dashboard}
    return {kind: db.session.query(model).order_by(model.id).all() for kind, model in kinds.items()}


def _title(model: Any) -> str:
    return str(getattr(model, "dashboard_title", None) or getattr(model, "slice_name", None) or model.table_name)


def _datasets() -> list[dict[str, Any]]:
    return [
        one.export_to_dict(recursive=True, include_parent_ref=False, export_uuids=True) for one in _models()["datasets"]
    ]


def _charts() -> list[dict[str, Any]]:
    keys = ("slice_name", "viz_type", "description", "cache_timeout")
    return [
        {key: getattr(one, key) for key in keys}
        | {"id": one.id, "uuid": str(one.uuid), "params": json.loads(one.params), "dataset_uuid": str(one.table.uuid)}
        for one in _models()["charts"]
        if one.table is not None
    ]


def _dashboards() -> list[dict[str, Any]]:
    from readers import TITLES

    roles = {title: role for role, title in TITLES.items()}
    return [
        {
            "uuid": str(one.uuid),
            "slug": one.slug,
            "dashboard_title": one.dashboard_title,
            "description": one.description,
            "position": json.loads(one.position_json or "{}"),
            "metadata": json.loads(one.json_metadata or "{}"),
            "roles": [role for title, role in roles.items() if title in {role.name for role in one.roles}],
        }
        for one in _models()["dashboards"]
        if one.position_json
    ]


def _comparable(body: Any) -> Any:
    """The same content in one form: folded texts unfolded, names of filters in one order."""
    if isinstance(body, dict):
        body = body | {key: sorted(body[key]) for key in UNORDERED & body.keys()}
        return {str(key): _comparable(value) for key, value in body.items() if value not in (None, {}, [])}
    if isinstance(body, list):
        return [_comparable(one) for one in body]
    return " ".join(body.split()) if isinstance(body, str) else body


def _differences(files: Any, found: Any, path: str = "") -> Iterator[str] | list[str]:
    if isinstance(files, dict) and isinstance(found, dict):
        keys = list(dict.fromkeys([*files, *found]))
        return [one for key in keys for one in _differences(files.get(key), found.get(key), f"{path}.{key}".strip("."))]
    if isinstance(files, list) and isinstance(found, list) and len(files) == len(found):
        pairs = enumerate(zip(files, found, strict=True))
        return [one for number, (a, b) in pairs for one in _differences(a, b, f"{path}[{number}]")]
    return [] if files == found else [f"{path or 'file'}: {_short(files)} in the files, {_short(found)} here"]


def _short(value: Any) -> str:
    text = json.dumps(value, ensure_ascii=False)
    return text if len(text) <= 80 else f"{text[:77]}…"


def _yaml(body: dict[str, Any]) -> str:
    return yaml.safe_dump(body, allow_unicode=True, sort_keys=False, width=120)


def main() -> None:
    """Do what the command line asks for."""
    action, *arguments = sys.argv[1:]
    assets = Assets.read(HERE / "assets")
    with start_app().app_context():
        if action == "export":
            answer = export(Path(arguments[0]), assets)
        elif action == "drift":
            answer = drift(assets)
        elif action in ("leftovers", "prune"):
            answer = leftovers(assets, remove=action == "prune")
        else:
            raise SystemExit(f"{action} is no action; known: export, drift, leftovers, prune")
    print(json.dumps(answer, ensure_ascii=False))  # noqa: T201


if __name__ == "__main__":
    main()
