"""Bring a Superset installation to the state of these files: `python superset/provision.py`. Safe to repeat.

Belongs here: metadata schema, admin, data source, import of assets/, the order of the steps. Not here: what a chart
shows (assets/), how files become what Superset imports (bundle.py), roles and their rules (access.py). Each finished
step prints one line that begins with `provision:`.

Reads OMNI_SUPERSET_* (see superset_config.py), OMNI_BI_DATABASE_URL (role bi_reader), OMNI_SUPERSET_ADMIN_PASSWORD; the
environment is the truth for the admin's password. OMNI_SUPERSET_ANALYST_PASSWORD, when set, adds the viewer `analyst`.
"""

import json
import os
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from alerts import ensure_alerts
from bundle import Assets, uuid_of
from variables import required

HERE = Path(__file__).resolve().parent
ADMIN = "admin"
ANALYST = "analyst"
VIEWER_ROLE = "Analyst"


def upgrade_metadata() -> str:
    """Bring the metadata schema to this Superset's version."""
    from flask_migrate import upgrade

    import superset

    upgrade(directory=str(Path(superset.__file__).parent / "migrations"))
    return "metadata schema is current"


def sync_permissions() -> str:
    """Create the built-in permissions and roles; slow, so only when they are missing or Superset's version changed."""
    from superset.extensions import db

    from superset import appbuilder, security_manager

    if _stamp().exists() and security_manager.find_role("Gamma"):
        return "permissions are current"
    appbuilder.add_permissions(update_perms=True)
    security_manager.sync_role_definitions()
    db.session.commit()
    _stamp().parent.mkdir(parents=True, exist_ok=True)
    _stamp().touch()
    return "permissions and built-in roles created"


def import_assets(assets: Any, database_url: str) -> str:
    """Import data source, datasets, charts and dashboards as the admin, keyed by their uuids."""
    from superset.commands.importers.v1.assets import ImportAssetsCommand
    from superset.utils.core import override_user

    from superset import security_manager

    with override_user(security_manager.find_user(ADMIN)):
        ImportAssetsCommand(assets.importable(database_url)).run()
    return f"{len(assets.dashboards)} dashboards, {len(assets.charts)} charts, {len(assets.datasets)} datasets imported"


def draw_annotations(assets: Any) -> str:
    """Put the layers back that the import drops, with the number that it gave just now to the chart of each."""
    from annotations import annotation_layers, number_charts
    from superset.extensions import db
    from superset.models.slice import Slice

    def imported(slug: str) -> Any:
        return db.session.query(Slice).filter_by(uuid=uuid_of("charts", slug)).one()

    numbers = {spec["chart"]: imported(spec["chart"]).id for spec in assets.annotations.values()}
    annotated = {slug: chart["annotations"] for slug, chart in assets.charts.items() if chart.get("annotations")}
    for slug, names in annotated.items():
        chart, layers = imported(slug), number_charts(annotation_layers(names, assets.annotations), numbers)
        params, context = json.loads(chart.params), json.loads(chart.query_context)
        for part in (params, *context["queries"], context["form_data"]):
            part["annotation_layers"] = layers
        chart.params, chart.query_context = json.dumps(params), json.dumps(context, ensure_ascii=False)
    db.session.commit()
    return f"{len(annotated)} charts have annotations"


def drop_cached_data() -> str:
    """Forget cached chart data: after a run of the pipeline the next reader must see the new numbers."""
    from superset.extensions import cache_manager

    cache_manager.data_cache.clear()
    return "chart cache emptied"


def main() -> None:
    """Run every step in order and say how long each took."""
    admin_password = required("OMNI_SUPERSET_ADMIN_PASSWORD")
    database_url = required("OMNI_BI_DATABASE_URL")
    analyst_password = os.environ.get("OMNI_SUPERSET_ANALYST_PASSWORD", "").strip()
    assets = Assets.read(HERE / "assets")
    steps: list[Callable[[], str]] = [
        upgrade_metadata,
        sync_permissions,
        lambda: ensure_user(ADMIN, admin_password, ["Admin"]),
        lambda: import_assets(assets, database_url),
        lambda: draw_annotations(assets),
        lambda: ensure_roles(assets),
        lambda: ensure_rules(assets),
        lambda: ensure_dashboard_roles(assets),
        drop_cached_data,
    ]
    if os.environ.get("OMNI_SUPERSET_BROKER_URL"):
        steps.append(ensure_alerts)
    if analyst_password:
        steps.append(lambda: ensure_user(ANALYST, analyst_password, [VIEWER_ROLE]))
    with start_app().app_context():
        # Needs Superset's application, so it cannot stand at the top.
        from access import ensure_dashboard_roles, ensure_roles, ensure_rules, ensure_user

        for step in steps:
            started = time.monotonic()
            done = step()
            print(f"provision: {done} ({time.monotonic() - started:.1f} s)", flush=True)  # noqa: T201


def start_app() -> Any:
    """Superset's application in this process, configured by superset_config.py."""
    os.environ.setdefault("SUPERSET_CONFIG_PATH", str(HERE / "superset_config.py"))
    from superset.app import create_app

    return create_app()


def _stamp() -> Path:
    """Marks that the permissions of this Superset version were synchronised to this metadata database."""
    from importlib.metadata import version

    from flask import current_app

    folder = Path(current_app.config["DATA_DIR"])
    return folder / f"permissions-{version('apache-superset')}"


if __name__ == "__main__":
    sys.exit(main())
