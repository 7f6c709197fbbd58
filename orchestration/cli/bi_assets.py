"""`omni bi …`: the dashboards of this installation and their files in superset/assets.

Belongs here: the commands. The work is done by the scripts of superset/, in its own environment.
"""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Annotated

import typer

from connectors.errors import ConfigurationError
from connectors.secrets import local_secret
from connectors.settings import PROJECT_ROOT, Settings
from orchestration.cli import bi_users
from orchestration.cli.bi import ADMIN, install_bi, provision_bi, run_bi_script
from orchestration.cli.console import out, say
from orchestration.cli.db import migrated_database
from orchestration.cli.environment import SUPERSET_DIR, ready_path, superset_environment
from orchestration.dashboards import EXPOSURES, exposures, read_dashboards

app = typer.Typer(no_args_is_help=True)
app.add_typer(bi_users.app, name="users", help="Who reads the dashboards, in which role, and whose rows.")

Folder = Annotated[Path, typer.Option(help="Where to write; default: over the files of the project.")]


@app.command()
def validate() -> None:
    """Walk dashboard → chart → dataset → mart column → metric through the files; needs no running Superset.

    A column that left a mart is told with the charts and dashboards that it breaks. Exit code 1 when something broke.
    """
    install_bi()
    _tell(_lines(run_bi_script({}, "validate.py")), "every chart has its data set, columns and metrics")


@app.command("apply")
def apply_command() -> None:
    """Bring this installation to the state of the files: dashboards, roles, row rules, certified metrics.

    Safe to repeat; a second time changes nothing. What left the files stays until `omni bi prune`.
    """
    settings = Settings()
    url = migrated_database(settings)
    install_bi()
    problems = _lines(run_bi_script({}, "validate.py"))
    if problems:
        _tell(problems, "")
    provision_bi(settings, url, say)


@app.command()
def export(to: Folder = SUPERSET_DIR / "assets") -> None:
    """Write what was changed in the browser back into readable files; unchanged files are not touched.

    What is new gets a file, too, named after its English title. Example: `omni bi export --to /tmp/assets`
    """
    written = _ask("manage.py", "export", str(to.resolve()))
    for name in written:
        say(name)
    out.print(f"{len(written)} files written" if written else "nothing differs from the files")


@app.command("exposures")
def exposures_command() -> None:
    """Write dbt's exposures from the files of the dashboards, so that dbt's lineage ends at the screens."""
    dashboards = read_dashboards()
    EXPOSURES.write_text(exposures(dashboards), encoding="utf-8")
    out.print(f"{EXPOSURES.relative_to(PROJECT_ROOT)}: {len(dashboards)} dashboards", markup=False)


@app.command()
def drift() -> None:
    """Compare this installation with the files, setting by setting. Exit code 1 when they differ."""
    _tell(_ask("manage.py", "drift"), "this installation is what the files say")


@app.command()
def prune(
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only show what would go.")] = False,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
) -> None:
    """Remove dashboards, charts and datasets whose files are gone. What somebody made in the browser stays."""
    found = _ask("manage.py", "leftovers")
    for name in found:
        say(name)
    if not found:
        out.print("nothing is left over")
        return
    if dry_run:
        out.print(f"{len(found)} would be removed")
    elif yes or typer.confirm(f"Remove these {len(found)}?"):
        out.print(f"{len(_ask('manage.py', 'prune'))} removed")


@app.command()
def gallery(
    url: Annotated[str | None, typer.Option(help="Address of Superset; default: the one that omni started.")] = None,
    user: Annotated[str, typer.Option(help="Who looks. OMNI_BI_USER_PASSWORD gives the password.")] = ADMIN,
    dashboard: Annotated[list[str] | None, typer.Option(help="Only this one, such as gmv; may be repeated.")] = None,
) -> None:
    """Take a picture of every tab of every dashboard in both languages and write docs/gallery.md around them.

    Needs a running installation, Playwright (`uv sync --group dev`) and a Chromium. Show the demo, not your shops.

    Example: `omni demo`, and beside it `omni bi gallery` or `omni bi gallery --dashboard gmv`
    """
    from orchestration.screens.gallery import DOCS, take_pictures

    settings = Settings()
    password = os.environ.get(bi_users.PASSWORD_VARIABLE) or (
        local_secret(settings, "superset_admin_password").get_secret_value()
    )
    pictures = take_pictures(url or running_superset(settings), user, password, dashboard or (), tell=say)
    out.print(f"{(DOCS / 'gallery.md').relative_to(PROJECT_ROOT)}: {pictures} pictures", markup=False)


def running_superset(settings: Settings) -> str:
    """Where `omni demo` or `omni up` serves the dashboards of this data directory.

    Raises:
        ConfigurationError: neither of them runs.
    """
    ready = ready_path(settings)
    if not ready.exists():
        raise ConfigurationError("no Superset runs here", remedy="start omni demo or omni up, or name one with --url")
    return str(json.loads(ready.read_text(encoding="utf-8"))["superset"])


def _ask(script: str, *arguments: str) -> list[str]:
    settings = Settings()
    url = migrated_database(settings)
    install_bi()
    return _lines(run_bi_script(superset_environment(settings, url), script, *arguments))


def _lines(answer: object) -> list[str]:
    if not isinstance(answer, list):
        raise ConfigurationError(f"no list came back: {answer!r}", remedy="omni provision, then try again")
    return [str(one) for one in answer]


def _tell(problems: list[str], fine: str) -> None:
    for problem in problems:
        say(problem)
    if problems:
        raise typer.Exit(1)
    out.print(fine)
