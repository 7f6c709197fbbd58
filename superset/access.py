"""Roles of the readers and the rules for their rows, as objects of a Superset installation. Safe to repeat.

Belongs here: creating and correcting roles, row-level security, users, the roles of dashboards. Runs inside Superset's
application. Not here: which role may read what (audience.py), what Postgres itself keeps closed (readers.py).

A person with rows of their own has two roles: that of the group, and `rows of NAME`, which carries the rules. One rule
limits the rows; the other only names its bearer, so that answers kept for one reader are never given to another.
"""

from typing import Any

from audience import MANAGER, OPERATIONS, ROLES, SCOPE_COLUMN, Marts, dashboard_roles, dataset_roles, limits_rows
from bundle import Assets
from readers import TITLES

# A viewer keeps what the dashboard page itself writes: the state of its filters and links to it.
WRITABLE_BY_VIEWERS = {
    "DashboardFilterStateRestApi",
    "DashboardPermalinkRestApi",
    "ExploreFormDataRestApi",
    "ExplorePermalinkRestApi",
}
VIEWERS_NEVER_WRITE = {"can_write", "can_delete", "can_export", "can_import", "can_upload", "can_warm_up_cache"}
VIEWERS_NEVER_SEE = {"SQL Lab", "SQL Editor", "SQLLab", "Saved Queries", "Query Search", "SavedQuery", "Query"}
# Superset gives these to those who build charts; here everybody may look behind a number.
DRILLING = (("can_samples", "Datasource"), ("can_drill", "Dashboard"), ("can_get_drill_info", "Dataset"))
PERSONAL = "rows of "


def ensure_roles(assets: Assets) -> str:
    """The roles of audience.py with their datasets, and `Analyst`, who reads every dataset."""
    from superset.extensions import db

    from superset import security_manager

    marts, tables = Marts.read(), _tables()
    readable = {TITLES[role]: _open_to(role, assets, marts) for role in ROLES} | {"Analyst": set(assets.datasets)}
    viewer = [
        one
        for one in security_manager.find_role("Gamma").permissions
        if _is_for_viewers(one.permission.name, one.view_menu.name)
    ]
    viewer += [security_manager.add_permission_view_menu(*pair) for pair in DRILLING]
    for title, slugs in readable.items():
        found = [tables[assets.datasets[slug]["uuid"]] for slug in sorted(slugs)]
        access = [security_manager.add_permission_view_menu("datasource_access", one.get_perm()) for one in found]
        security_manager.add_role(title).permissions = list({one.id: one for one in (*viewer, *access)}.values())
    db.session.commit()
    return f"roles: {', '.join(f'{title} {len(slugs)} datasets' for title, slugs in readable.items())}"


def ensure_rules(assets: Assets) -> str:
    """Row-level security on the datasets as they are now: for operations, and for everybody with rows of their own."""
    from superset.connectors.sqla.models import RowLevelSecurityFilter
    from superset.extensions import db

    from superset import security_manager

    rule = _rule(TITLES[OPERATIONS], marker(TITLES[OPERATIONS]), OPERATIONS)
    rule.roles = [security_manager.find_role(TITLES[OPERATIONS])]
    rules = db.session.query(RowLevelSecurityFilter).filter(RowLevelSecurityFilter.group_key.isnot(None)).all()
    marts, tables = Marts.read(), _tables()
    for one in rules:
        wanted = _covered(one.group_key, assets, marts)
        one.tables = [tables[assets.datasets[slug]["uuid"]] for slug in sorted(wanted)]
    db.session.commit()
    return f"{len(rules)} row rules are current"


def ensure_dashboard_roles(assets: Assets) -> str:
    """Who finds which dashboard in the list."""
    from superset.extensions import db
    from superset.models.dashboard import Dashboard

    from superset import security_manager

    for body in assets.dashboards.values():
        dashboard = db.session.query(Dashboard).filter_by(slug=body["slug"]).one()
        titles = [TITLES[role] for role in dashboard_roles(body)]
        dashboard.roles = [security_manager.find_role(title) for title in ("Analyst", *titles)]
    db.session.commit()
    return f"roles of {len(assets.dashboards)} dashboards are current"


def ensure_user(username: str, password: str | None, role_names: list[str]) -> str:
    """A user with exactly these roles; `password` None keeps the present one. SystemExit when it cannot be created."""
    from superset.extensions import db

    from superset import security_manager

    roles = [security_manager.find_role(name) for name in role_names]
    user = security_manager.find_user(username)
    if user is None:
        address = username if "@" in username else f"{username}@localhost"
        user = security_manager.add_user(username, username, "omni", address, roles[0], password=password)
        if not user:
            raise SystemExit(f"user {username} could not be created; Superset's log says why")
        said = f"user {username} created with role {role_names[0]}"
    else:
        said = f"user {username} is current"
        if password:
            security_manager.reset_password(user.id, password)
    user.roles = roles
    db.session.commit()
    return said


def ensure_reader(username: str, password: str | None, group: str, values: list[str]) -> str:
    """A user of one group; for managers and shop owners with the rule that limits their rows to `values`.

    The rule lies on no dataset before `ensure_rules` was called.
    """
    from superset import security_manager

    names = [TITLES[group]]
    if group in SCOPE_COLUMN:
        names.append(f"{PERSONAL}{username}")
        own = security_manager.add_role(names[1])
        for rule in (
            _rule(names[1], own_rows(group, values), f"{group} limited"),
            _rule(f"answers for {username}", marker(username), f"{group} other"),
        ):
            rule.roles = [own]
    return ensure_user(username, password, names)


def own_rows(group: str, values: list[str]) -> str:
    """The condition of somebody's own rows. ValueError when there is no value: that would be everybody's."""
    if not values:
        raise ValueError(f"{group} needs at least one {SCOPE_COLUMN[group]}")
    if group == MANAGER:
        return f"{SCOPE_COLUMN[group]} IN ({', '.join(_quoted(value) for value in values)})"
    return f"{SCOPE_COLUMN[group]} IN ({', '.join(str(int(value)) for value in values)})"


def marker(name: str) -> str:
    """A condition that is always true and differs by name: it keeps cached answers apart."""
    return f"{_quoted(name)} = {_quoted(name)}"


def _quoted(text: str) -> str:
    return "'" + text.replace("'", "''").replace(":", "\\:") + "'"


def _rule(name: str, clause: str, group_key: str) -> Any:
    from superset.connectors.sqla.models import RowLevelSecurityFilter
    from superset.extensions import db

    rule = db.session.query(RowLevelSecurityFilter).filter_by(name=name).one_or_none()
    if rule is None:
        rule = RowLevelSecurityFilter(name=name, filter_type="Regular", clause=clause, group_key=group_key)
        db.session.add(rule)
    rule.clause, rule.group_key = clause, group_key
    return rule


def _covered(group_key: str, assets: Assets, marts: Marts) -> set[str]:
    """Datasets on which a rule of this kind lies."""
    group, _, part = group_key.partition(" ")
    slugs = _open_to(group, assets, marts)
    limited = {slug for slug in slugs if limits_rows(assets.datasets[slug], group, marts)}
    return {"limited": limited, "other": slugs - limited}.get(part, slugs)


def _open_to(role: str, assets: Assets, marts: Marts) -> set[str]:
    return {slug for slug, body in assets.datasets.items() if role in dataset_roles(body, marts)}


def _tables() -> dict[str, Any]:
    from superset.connectors.sqla.models import SqlaTable
    from superset.extensions import db

    return {str(one.uuid): one for one in db.session.query(SqlaTable)}


def _is_for_viewers(permission: str, view: str) -> bool:
    if view in VIEWERS_NEVER_SEE or "sqllab" in permission.lower() or "sql_lab" in permission.lower():
        return False
    return permission not in VIEWERS_NEVER_WRITE or view in WRITABLE_BY_VIEWERS
