"""Bring a Superset installation to the state of these files: `python superset/provision.py`. Safe to repeat.

Belongs here: metadata schema, admin and roles, data source, import of assets/. Not here: what a chart shows (assets/),
how files become what Superset imports (bundle.py). Each finished step prints one line that begins with `provision:`.

Reads OMNI_SUPERSET_* (see superset_config.py), OMNI_BI_DATABASE_URL (role bi_reader), OMNI_SUPERSET_ADMIN_PASSWORD; the
environment is the truth for the admin's password. OMNI_SUPERSET_ANALYST_PASSWORD, when set, adds the viewer `analyst`.
"""

import os
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent
ADMIN = "admin"
ANALYST = "analyst"
VIEWER_ROLE = "Analyst"
# A viewer keeps what the dashboard page itself writes: the state of its filters and links to it.
WRITABLE_BY_VIEWERS = {
    "DashboardFilterStateRestApi",
    "DashboardPermalinkRestApi",
    "ExploreFormDataRestApi",
    "ExplorePermalinkRestApi",
}
VIEWERS_NEVER_WRITE = {"can_write", "can_delete", "can_export", "can_import", "can_upload", "can_warm_up_cache"}
VIEWERS_NEVER_SEE = {"SQL Lab", "SQL Editor", "SQLLab", "Saved Queries", "Query Search", "SavedQuery", "Query"}


def required(name: str) -> str:
    """Value of an environment variable without which provisioning makes no sense."""
    value = os.environ.get(name, "").strip()
    if not value:
        raise SystemExit(f"{name} is not set. `omni up` and `omni demo` set it; see the configuration table in README.")
    return value


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


def ensure_viewer_role() -> str:
    """The role `Analyst`: reads dashboards, explores their datasets, exports data; writes nothing, has no SQL Lab."""
    from superset.connectors.sqla.models import SqlaTable
    from superset.extensions import db

    from superset import security_manager

    role = security_manager.add_role(VIEWER_ROLE)
    gamma = security_manager.find_role("Gamma").permissions
    wanted = [one for one in gamma if _is_for_viewers(one.permission.name, one.view_menu.name)]
    for dataset in db.session.query(SqlaTable).filter_by(schema="marts"):
        access = security_manager.add_permission_view_menu("datasource_access", dataset.get_perm())
        wanted.append(access)
    role.permissions = wanted
    db.session.commit()
    return f"role {VIEWER_ROLE}: {len(wanted)} permissions"


def ensure_user(username: str, password: str, role_name: str) -> str:
    """A user with this password and exactly this role."""
    from superset.extensions import db

    from superset import security_manager

    role = security_manager.find_role(role_name)
    user = security_manager.find_user(username)
    if user is None:
        user = security_manager.add_user(username, username, "omni", f"{username}@localhost", role, password=password)
        if not user:
            raise SystemExit(f"user {username} could not be created; Superset's log says why")
        return f"user {username} created with role {role_name}"
    user.roles = [role]
    security_manager.reset_password(user.id, password)
    db.session.commit()
    return f"user {username} is current"


def import_assets(database_url: str) -> str:
    """Import data source, datasets, charts and dashboards as the admin, keyed by their uuids."""
    from bundle import Assets
    from superset.commands.importers.v1.assets import ImportAssetsCommand
    from superset.utils.core import override_user

    from superset import security_manager

    assets = Assets.read(HERE / "assets")
    with override_user(security_manager.find_user(ADMIN)):
        ImportAssetsCommand(assets.importable(database_url)).run()
    return f"{len(assets.dashboards)} dashboards, {len(assets.charts)} charts, {len(assets.datasets)} datasets imported"


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
    steps: list[Callable[[], str]] = [
        upgrade_metadata,
        sync_permissions,
        lambda: ensure_user(ADMIN, admin_password, "Admin"),
        lambda: import_assets(database_url),
        ensure_viewer_role,
        drop_cached_data,
    ]
    if analyst_password:
        steps.append(lambda: ensure_user(ANALYST, analyst_password, VIEWER_ROLE))
    with start_app().app_context():
        for step in steps:
            started = time.monotonic()
            done = step()
            print(f"provision: {done} ({time.monotonic() - started:.1f} s)", flush=True)  # noqa: T201


def start_app() -> Any:
    """Superset's application in this process, configured by superset_config.py."""
    os.environ.setdefault("SUPERSET_CONFIG_PATH", str(HERE / "superset_config.py"))
    from superset.app import create_app

    return create_app()


def _is_for_viewers(permission: str, view: str) -> bool:
    if view in VIEWERS_NEVER_SEE or "sqllab" in permission.lower() or "sql_lab" in permission.lower():
        return False
    return permission not in VIEWERS_NEVER_WRITE or view in WRITABLE_BY_VIEWERS


def _stamp() -> Path:
    """Marks that the permissions of this Superset version were synchronised to this metadata database."""
    from importlib.metadata import version

    from flask import current_app

    folder = Path(current_app.config["DATA_DIR"])
    return folder / f"permissions-{version('apache-superset')}"


if __name__ == "__main__":
    sys.exit(main())
