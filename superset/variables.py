"""Environment variables without which nothing of this folder makes sense; there are no default secrets."""

import os


def required(name: str) -> str:
    """Value of an environment variable. SystemExit when it is not set."""
    value = os.environ.get(name, "").strip()
    if not value:
        raise SystemExit(f"{name} is not set. `omni up` and `omni demo` set it; see the configuration table in README.")
    return value
