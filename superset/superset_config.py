"""Superset's configuration. Superset loads this file by path (SUPERSET_CONFIG_PATH), in every process.

Belongs here: what must hold for every installation – secrets from the environment, security headers, caches on disk,
languages, look. Not here: users, roles, data sources and dashboards; those are provisioned (provision.py, assets/).
"""

import os
import sys
import time
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE))  # so that this folder's own modules are importable in every Superset process

from asked import remember_questions  # noqa: E402
from background import celery_settings  # noqa: E402
from exports import export_words_of_links  # noqa: E402
from language import serve_overlay  # noqa: E402
from mailing import browser_settings, mail_settings  # noqa: E402
from page import leave_out_what_is_closed  # noqa: E402
from readers import ReaderSecurityManager, connect_as_reader, read_views  # noqa: E402
from searching import search_anywhere  # noqa: E402
from theme import CATEGORICAL_SCHEMES, DARK, FAVICON, LIGHT, SEQUENTIAL_SCHEMES  # noqa: E402
from variables import required  # noqa: E402

# The business day is the Beijing day: relative ranges such as "last 30 days" must end at Beijing midnight.
os.environ["TZ"] = "Asia/Shanghai"
time.tzset()

# --- secrets ---------------------------------------------------------------------------------------------------------
SECRET_KEY = required("OMNI_SUPERSET_SECRET_KEY")
GUEST_TOKEN_JWT_SECRET = required("OMNI_SUPERSET_GUEST_TOKEN_SECRET")
GLOBAL_ASYNC_QUERIES_JWT_SECRET = required("OMNI_SUPERSET_ASYNC_QUERIES_SECRET")
SQLALCHEMY_DATABASE_URI = required("OMNI_SUPERSET_DATABASE_URL").replace("postgres://", "postgresql://", 1)
SQLALCHEMY_ENGINE_OPTIONS = {"pool_pre_ping": True, "pool_size": 5, "max_overflow": 15}
SQLALCHEMY_EXAMPLES_URI = None
ENABLE_CORS = False

# --- who may come in -------------------------------------------------------------------------------------------------
BEHIND_TLS = os.environ.get("OMNI_SUPERSET_TLS", "").lower() in {"1", "true", "yes"}
PUBLIC_ROLE_LIKE = None
AUTH_ROLE_PUBLIC = "Public"
AUTH_USER_REGISTRATION = False
FAB_API_SWAGGER_UI = False
WTF_CSRF_ENABLED = True
SESSION_COOKIE_SECURE = BEHIND_TLS
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
ENABLE_PROXY_FIX = BEHIND_TLS
RATELIMIT_ENABLED = True
RATELIMIT_APPLICATION = "200 per second"  # a dashboard asks for a dozen charts at once
RATELIMIT_STORAGE_URI = os.environ.get("OMNI_SUPERSET_RATELIMIT_URL", "memory://")
AUTH_RATE_LIMITED = True
AUTH_RATE_LIMIT = "5 per second"
PREVENT_UNSAFE_DB_CONNECTIONS = True
DATASET_IMPORT_ALLOWED_DATA_URLS: list[str] = []
# Each reader's queries are answered by Postgres as the role of the reader's group.
required("OMNI_BI_SCOPE_SECRET")
CUSTOM_SECURITY_MANAGER = ReaderSecurityManager
DB_CONNECTION_MUTATOR = connect_as_reader
SQL_QUERY_MUTATOR = read_views

TALISMAN_ENABLED = True
TALISMAN_CONFIG = {
    "content_security_policy": {
        "base-uri": ["'self'"],
        "default-src": ["'self'"],
        # The front end carries a tracking pixel and remote map tiles: pictures come from here or not at all.
        "img-src": ["'self'", "blob:", "data:"],
        "worker-src": ["'self'", "blob:"],
        "connect-src": ["'self'"],
        "object-src": "'none'",
        "style-src": ["'self'", "'unsafe-inline'"],
        "font-src": ["'self'", "data:"],
        "script-src": ["'self'", "'strict-dynamic'"],
        "frame-ancestors": ["'self'"],
    },
    "content_security_policy_nonce_in": ["script-src"],
    "force_https": False,
    "session_cookie_secure": BEHIND_TLS,
}

# --- caches: files, so that no Redis is needed ------------------------------------------------------------------------
DATA_DIR = Path(os.environ.get("OMNI_DATA_DIR") or HERE.parent / ".omni") / "superset"
CACHE_SECONDS = 300


def file_cache(name: str, seconds: int) -> dict[str, object]:
    """Settings of one cache that lives in files below the data folder, shared by all workers."""
    return {
        "CACHE_TYPE": "FileSystemCache",
        "CACHE_DIR": str(DATA_DIR / "cache" / name),
        "CACHE_DEFAULT_TIMEOUT": seconds,
        "CACHE_THRESHOLD": 5000,
    }


CACHE_CONFIG = file_cache("metadata", CACHE_SECONDS)
DATA_CACHE_CONFIG = file_cache("data", CACHE_SECONDS)
FILTER_STATE_CACHE_CONFIG = file_cache("filter_state", 30 * 86_400)
EXPLORE_FORM_DATA_CACHE_CONFIG = file_cache("explore", 7 * 86_400)
THUMBNAIL_CACHE_CONFIG = {"CACHE_TYPE": "NullCache"}

BROKER_URL = os.environ.get("OMNI_SUPERSET_BROKER_URL")
CELERY_CONFIG = celery_settings(BROKER_URL)

# --- alerts: Superset's own where there is a broker, else Dagster judges the same file --------------------------------
PUBLIC_URL = os.environ.get("OMNI_SUPERSET_URL") or "http://localhost:8088"
if BROKER_URL:
    from superset.tasks.types import FixedExecutor

    ALERT_REPORTS_EXECUTORS = [FixedExecutor("admin")]
    ALERT_REPORTS_NOTIFICATION_DRY_RUN = False
    EMAIL_REPORTS_SUBJECT_PREFIX = ""
    EMAIL_REPORTS_CTA = "打开 Open"
    globals().update(
        mail_settings(os.environ.get("OMNI_SMTP_URL"), os.environ.get("OMNI_MAIL_FROM") or "omni@localhost")
    )
    globals().update(browser_settings(os.environ.get("OMNI_SUPERSET_INTERNAL_URL") or PUBLIC_URL, PUBLIC_URL))

# --- limits ----------------------------------------------------------------------------------------------------------
ROW_LIMIT = 10_000
SQL_MAX_ROW = 100_000
SAMPLES_ROW_LIMIT = 1_000
FILTER_SELECT_ROW_LIMIT = 5_000
SUPERSET_WEBSERVER_TIMEOUT = 60
SQLLAB_TIMEOUT = 30

FEATURE_FLAGS = {
    "DASHBOARD_RBAC": True,  # the roles of a dashboard say who finds it
    "DRILL_BY": True,
    "DRILL_TO_DETAIL": True,
    "DASHBOARD_VIRTUALIZATION": True,
    "CHART_PLUGINS_EXPERIMENTAL": True,  # big number with comparison to the previous period (pop_kpi)
    "ALERT_REPORTS": bool(BROKER_URL),
    "ENABLE_TEMPLATE_PROCESSING": False,
    "THUMBNAILS": False,
    "EMBEDDED_SUPERSET": False,
}

# --- language and look -----------------------------------------------------------------------------------------------
LANGUAGES = {"zh": {"flag": "cn", "name": "中文"}, "en": {"flag": "us", "name": "English"}}
BABEL_DEFAULT_LOCALE = "zh"


def FLASK_APP_MUTATOR(app: object) -> None:  # noqa: N802 - Superset's name
    """What we add to Superset's own answers."""
    serve_overlay(app)
    leave_out_what_is_closed(app)
    export_words_of_links(app)
    search_anywhere(app)
    remember_questions(app)


APP_NAME = "temu-omni"
APP_ICON = DARK["token"]["brandLogoUrl"]
LOGO_TOOLTIP = "temu-omni"
FAVICONS = [FAVICON]
CURRENCIES = ["CNY", "USD", "EUR", "GBP", "JPY"]
D3_FORMAT = {"decimal": ".", "thousands": ",", "grouping": [3], "currency": ["¥", ""]}
D3_TIME_FORMAT = {"date": "%Y-%m-%d", "dateTime": "%Y-%m-%d %H:%M", "time": "%H:%M"}

LOOK = os.environ.get("OMNI_SUPERSET_THEME", "dark")  # dark | light | choice (menu and the reader's system decide)
THEME_DEFAULT = DARK if LOOK == "dark" else LIGHT
THEME_DARK = DARK if LOOK == "choice" else None
ENABLE_UI_THEME_ADMINISTRATION = True
THEME_FONT_URL_ALLOWED_DOMAINS: list[str] = []
EXTRA_CATEGORICAL_COLOR_SCHEMES = CATEGORICAL_SCHEMES
EXTRA_SEQUENTIAL_COLOR_SCHEMES = SEQUENTIAL_SCHEMES

LOG_LEVEL = os.environ.get("OMNI_SUPERSET_LOG_LEVEL", "WARNING")
SILENCE_FAB = True
