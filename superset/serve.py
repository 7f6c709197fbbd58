"""Serve Superset with gunicorn: `python superset/serve.py --host 127.0.0.1 --port 8088`. Health answers at /health.

Belongs here: the command line of the web server. Replaces itself by gunicorn, so signals go straight to it.
"""

import argparse
import os
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent


def gunicorn_command(host: str, port: int, workers: int, threads: int) -> list[str]:
    """Arguments of gunicorn: few processes (each holds about 250 MB), many threads (they wait for Postgres)."""
    return [
        *[sys.executable, "-m", "gunicorn", "--bind", f"{host}:{port}"],
        *["--worker-class", "gthread", "--workers", str(workers), "--threads", str(threads)],
        *["--timeout", "120", "--graceful-timeout", "10", "--keep-alive", "5"],
        *["--log-level", "warning", "--chdir", str(HERE)],
        "superset.app:create_app()",
    ]


def main() -> None:
    """Read the command line and become gunicorn."""
    parser = argparse.ArgumentParser(description="Serve Superset.")
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--workers", type=int, default=int(os.environ.get("OMNI_SUPERSET_WORKERS", "1")))
    parser.add_argument("--threads", type=int, default=int(os.environ.get("OMNI_SUPERSET_THREADS", "16")))
    options = parser.parse_args()
    os.environ.setdefault("SUPERSET_CONFIG_PATH", str(HERE / "superset_config.py"))
    command = gunicorn_command(options.host, options.port, options.workers, options.threads)
    os.execv(command[0], command)  # noqa: S606 - our own interpreter with constant arguments


if __name__ == "__main__":
    main()
