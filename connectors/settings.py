"""Configuration: environment variables with the prefix `OMNI_`, or `.env`; read when called, never on import.

Belongs here: every knob an operator may turn, with its default. Shops are not configuration; they live in `ops.shops`.
"""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Literal

from pydantic import Field, SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict

PROJECT_ROOT = Path(__file__).resolve().parent.parent


class Settings(BaseSettings):
    """All settings of the pipeline. Durations are in the unit that their name ends with."""

    model_config = SettingsConfigDict(env_prefix="OMNI_", env_file=PROJECT_ROOT / ".env", extra="ignore")

    database_url: SecretStr | None = Field(
        default=None, description="PostgreSQL URL. Absent: an embedded server runs in the data folder."
    )
    data_dir: Path = Field(default=PROJECT_ROOT / ".omni", description="What omni writes outside the database.")
    postgres_bin: Path | None = Field(
        default=None, description="Folder with initdb and postgres. Absent: the packaged ones."
    )
    secret_keys: SecretStr | None = Field(
        default=None, description="Fernet keys, newest first, comma separated. Absent: generated in the data folder."
    )

    overlap_minutes: int = Field(default=30, ge=0, description="A live window starts this long before the watermark.")
    overlap_most_minutes: int = Field(
        default=360, ge=0, description="The overlap grows with measured lateness, but not beyond this."
    )
    silence_rows: int = Field(
        default=5, ge=1, description="A live read without news is suspicious where usually so many rows came."
    )
    settle_seconds: int = Field(default=60, ge=0, description="A live window ends this long before the gateway's now.")
    history_days: int = Field(default=90, ge=1, description="How far back the first live window of a shop reaches.")
    recount_days: int = Field(
        default=7, ge=1, le=365, description="Closed days whose orders the platform is asked to count each night."
    )
    parcel_days: int = Field(
        default=45,
        ge=0,
        description="A live run asks for parcels and scans of orders that changed within so many days: one call per "
        "shipped order line and one per parcel. Older days are a backfill; 0 = never ask.",
    )
    tracking_hours: int = Field(
        default=6, ge=0, description="How long a parcel on its way is left alone before its scans are read again."
    )
    ledger_days: int = Field(default=30, ge=1, description="Days for which every build accounts for each record.")
    task_days: int = Field(
        default=180,
        ge=1,
        description="Days for which ended tasks and their log lines are kept, at least as long as OMNI_LEDGER_DAYS.",
    )
    dead_letter_hours: int = Field(default=24, ge=1, description="An open dead letter older than this raises an alarm.")
    requests_in_flight: int = Field(default=8, ge=1, le=64, description="Concurrent calls per shop.")
    breaker_failures: int = Field(
        default=3, ge=1, description="So many calls of a shop that failed in a row, and it is left alone for a rest."
    )
    breaker_rest_seconds: float = Field(default=120.0, gt=0, description="The rest after which one call tries again.")
    shops_in_parallel: int = Field(default=4, ge=1, description="Shops synchronised at the same time.")
    request_timeout_seconds: float = Field(default=30.0, gt=0)
    retry_seconds: float = Field(
        default=0.5, gt=0, description="The wait before a call that failed is repeated; it doubles, up to 40 times it."
    )
    proxy_us: SecretStr | None = Field(
        default=None,
        description="Proxy for calls to the US gateway, http://user:password@host:port: allow-lists of IPs.",
    )
    proxy_eu: SecretStr | None = Field(default=None, description="The same for the EU gateway.")
    proxy_global: SecretStr | None = Field(default=None, description="The same for the GLOBAL gateway.")
    proxy_partner: SecretStr | None = Field(default=None, description="The same for the PARTNER gateway.")
    proxy_cn: SecretStr | None = Field(default=None, description="The same for the CN gateway.")

    log_level: Literal["debug", "info", "warning", "error"] = Field(
        default="info",
        description="Log lines of the services, as JSON; info shows calls that failed, debug every call.",
    )

    webhook_window_hours: float = Field(
        default=30.0,
        gt=0,
        description="Pushed events sent longer ago are refused; the last retry comes after 28 hours.",
    )
    webhook_ampersand: bool = Field(
        default=False, description="Also accept signatures over key=value&…, which the platform's prose describes."
    )
    webhook_seed_secret: SecretStr | None = Field(
        default=None, description="Accept clear bodies with X-Temu-Signature, HMAC-SHA256 with this secret."
    )
    webhook_seed_mall_id: int | None = Field(default=None, gt=0, description="The shop whose events have clear bodies.")
    api_calls_per_minute: int = Field(default=120, ge=1, description="Calls of the control API per key.")

    smtp_url: SecretStr | None = Field(
        default=None, description="Mail server for alerts and reports: smtp://user:password@host:587, or smtps://…:465."
    )
    mail_from: str = Field(default="omni@localhost", description="Sender of alerts and reports.")
    superset_url: str | None = Field(
        default=None, description="Address of the dashboards as readers type it; links in alerts. omni knows its own."
    )

    bind_host: str = Field(default="127.0.0.1", description="Address that the services listen on.")
    dagster_port: int = Field(default=0, ge=0, le=65535, description="0 = a free port.")
    superset_port: int = Field(default=0, ge=0, le=65535, description="0 = a free port.")
    door_port: int = Field(default=0, ge=0, le=65535, description="Webhook door and control API; 0 = a free port.")
    dagster_url: str | None = Field(
        default=None, description="Dagster's web server, through which the control API starts runs. Set by omni itself."
    )
    gateway_port: int = Field(default=0, ge=0, le=65535, description="Sandbox gateway; 0 = a free port.")
    postgres_port: int = Field(default=0, ge=0, le=65535, description="Embedded server; 0 = a free port.")

    @property
    def overlap(self) -> timedelta:
        """How much of the time before the watermark a live window reads again."""
        return timedelta(minutes=self.overlap_minutes)

    @property
    def most_overlap(self) -> timedelta:
        """The overlap's upper bound, however late rows were measured to come."""
        return timedelta(minutes=self.overlap_most_minutes)

    @property
    def settle(self) -> timedelta:
        """Margin at the end of a live window: younger updates may still be moving on the platform."""
        return timedelta(seconds=self.settle_seconds)

    @property
    def tracking_patience(self) -> timedelta:
        """Age at which the scans of a parcel that has not arrived are too old."""
        return timedelta(hours=self.tracking_hours)

    @property
    def task_memory(self) -> timedelta:
        """How long ended tasks are kept: the ledger reads which windows its days were read in."""
        return timedelta(days=max(self.task_days, self.ledger_days))

    @property
    def proxies(self) -> dict[str, str]:
        """Proxy per gateway, where one is set."""
        known = {"US": self.proxy_us, "EU": self.proxy_eu, "GLOBAL": self.proxy_global}
        known |= {"PARTNER": self.proxy_partner, "CN": self.proxy_cn}
        return {gateway: proxy.get_secret_value() for gateway, proxy in known.items() if proxy}

    @property
    def webhook_inbox(self) -> Path:
        """Folder in which verified webhook events wait, one JSON file each."""
        return self.data_dir / "inbox" / "webhooks"

    @property
    def file_inbox(self) -> Path:
        """Folder in which cost, target, FX and settlement files wait."""
        return self.data_dir / "inbox" / "files"
