"""`python -m connectors.sandbox`: the same commands as `omni sandbox`."""

from connectors.sandbox.cli import app

if __name__ == "__main__":
    app()
