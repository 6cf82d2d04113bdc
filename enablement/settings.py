"""Settings from the environment; every default runs on a bare machine without a server.

`ENABLEMENT_MODE` is one of
- `local` (default): embedded parts under `var/`, answers on loopback names only;
- `demo`: the same, with sign-in links for the demo people (`manage.py demo`);
- `test`: the same, with fast password hashing (pytest);
- `production`: set by `manage.py serve`; refuses to start where a setting is missing or unsafe.
"""

import base64
import ipaddress
import os
import secrets
import sys
import tempfile
from contextlib import suppress
from pathlib import Path
from typing import Any

from csp.constants import NONE, SELF
from django.core.exceptions import ImproperlyConfigured
from django.utils.translation import gettext_lazy as _
from environs import Env

from enablement import schedule
from enablement.people import organisation

env = Env()
BASE_DIR = Path(__file__).resolve().parent.parent
VAR_DIR = Path(env.str("ENABLEMENT_VAR", "") or BASE_DIR / "var").resolve()
MODES = ("local", "demo", "test", "production")
MODE = env.str("ENABLEMENT_MODE", "local")
if MODE not in MODES:
    raise ImproperlyConfigured(f"ENABLEMENT_MODE is {MODE!r}; expected one of {', '.join(MODES)}.")
PRODUCTION = MODE == "production"
DEMO = MODE == "demo"
DEBUG = False
VAR_DIR.mkdir(parents=True, exist_ok=True)

REQUIRED_IN_PRODUCTION = ("SECRET_KEY", "SITE_URL", "ALLOWED_HOSTS", "DATABASE_URL", "REDIS_URL")
# As Django's own deployment check has them.
SECRET_KEY_MIN_LENGTH = 50
SECRET_KEY_MIN_DIFFERENT = 5


def _local_secret(name: str, new: str) -> str:
    """A secret of this installation's own: `new`, kept where only its owner reads it, or what was kept."""
    path = VAR_DIR / name
    if not path.exists():
        with tempfile.NamedTemporaryFile("w", dir=VAR_DIR) as file:
            file.write(new)
            file.flush()
            # Whole or not at all: several processes may start at once.
            with suppress(FileExistsError):
                os.link(file.name, path)
    return path.read_text()


def _refuse_unless(safe: object, message: str) -> None:
    """In production an unsafe setting ends the start, in one line."""
    if PRODUCTION and not safe:
        raise ImproperlyConfigured(f"{message} (see docs/operations.md)")


_missing = [name for name in REQUIRED_IN_PRODUCTION if not env.str(name, "").strip()]
_refuse_unless(not _missing, f"production needs {', '.join(_missing)} in the environment")

SECRET_KEY = env.str("SECRET_KEY", "") or _local_secret("secret_key", secrets.token_urlsafe(50))
_refuse_unless(
    len(SECRET_KEY) >= SECRET_KEY_MIN_LENGTH and len(set(SECRET_KEY)) >= SECRET_KEY_MIN_DIFFERENT,
    f"SECRET_KEY is too easy to guess; it needs {SECRET_KEY_MIN_LENGTH} random characters",
)
#: Signs the ledger's checkpoints: 32 random bytes in base64. The former ones' public keys stay trusted.
CHECKPOINT_KEY = env.str("CHECKPOINT_KEY", "") or _local_secret(
    "checkpoint_key", base64.b64encode(secrets.token_bytes(32)).decode()
)
CHECKPOINT_FORMER_KEYS: list[str] = env.list("CHECKPOINT_FORMER_KEYS", [], subcast=str)
# Whose telephone numbers are known without a country code; LANGUAGE:MODEL where names are found as well.
REDACTION_PHONE_REGIONS: list[str] = env.list("REDACTION_PHONE_REGIONS", ["US", "GB", "DE"], subcast=str)
REDACTION_NAMES = env.str("REDACTION_NAMES", "")
PORT = env.int("PORT", 8000)
#: Of the demo alone: the governed tool that stands beside it.
EXAMPLE_TOOL_PORT = env.int("EXAMPLE_TOOL_PORT", PORT + 1)
SITE_URL = (env.str("SITE_URL", "") or f"http://127.0.0.1:{PORT}").rstrip("/")
_refuse_unless(SITE_URL.startswith("https://"), f"SITE_URL is {SITE_URL!r}; it has to begin with https://")
_hosts: list[str] = [host.strip() for host in env.list("ALLOWED_HOSTS", [], subcast=str) if host.strip()]
_refuse_unless(_hosts and "*" not in _hosts, "ALLOWED_HOSTS has to name this site's hosts, without '*'")
ALLOWED_HOSTS = _hosts or ["127.0.0.1", "localhost", "[::1]", "testserver"]

INSTALLED_APPS = [
    "enablement",
    "enablement.playbook",
    "enablement.reports",
    "enablement.certificates",
    "enablement.programs",
    "enablement.webhooks",
    "enablement.access",
    "enablement.people",
    "enablement.ledger",
    "enablement.jobs",
    "surveys",
    "assessments",
    "tracks",
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.humanize",
    "django.contrib.messages",
    "django.contrib.sessions",
    "django.contrib.staticfiles",
    "django.forms",
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "allauth.socialaccount",
    "allauth.socialaccount.providers.openid_connect",
    "allauth.socialaccount.providers.saml",
    "csp",
    "django_cotton.apps.SimpleAppConfig",
    "django_htmx",
    "drf_spectacular",
    "guardian",
    "rest_framework",
]

MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "csp.middleware.CSPMiddleware",
    "django_permissions_policy.PermissionsPolicyMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "enablement.middleware.NulMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.auth.middleware.LoginRequiredMiddleware",
    "enablement.people.middleware.TimeZoneMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
]

ROOT_URLCONF = "enablement.urls"
WSGI_APPLICATION = "enablement.wsgi.application"
FORM_RENDERER = "django.forms.renderers.TemplatesSetting"

TEMPLATES: list[dict[str, Any]] = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "enablement.navigation.navigation",
            ],
            "loaders": [
                (
                    "django.template.loaders.cached.Loader",
                    [
                        "django_cotton.cotton_loader.Loader",
                        "django.template.loaders.filesystem.Loader",
                        "django.template.loaders.app_directories.Loader",
                    ],
                )
            ],
            "builtins": ["django_cotton.templatetags.cotton"],
        },
    }
]
COTTON_DIR = "components"

# SQLite: IMMEDIATE + WAL is what keeps several processes from "database is locked".
_SQLITE: dict[str, Any] = {
    "transaction_mode": "IMMEDIATE",
    "timeout": 20,
    "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL; PRAGMA foreign_keys=ON;",
}
_database: dict[str, Any] = {
    "ENGINE": "django.db.backends.sqlite3",
    "NAME": str(VAR_DIR / "enablement.sqlite3"),
}
if env.str("DATABASE_URL", ""):
    _database = dict(env.dj_db_url("DATABASE_URL"))
_refuse_unless(
    _database["ENGINE"] == "django.db.backends.postgresql", "DATABASE_URL has to name a PostgreSQL database"
)
if _database["ENGINE"] not in {"django.db.backends.sqlite3", "django.db.backends.postgresql"}:
    raise ImproperlyConfigured("DATABASE_URL has to begin with postgresql:// or sqlite:///.")
if _database["ENGINE"].endswith("sqlite3"):
    _database["OPTIONS"] = _SQLITE
    # A file, because the tests start processes that share it.
    _database["TEST"] = {"NAME": str(VAR_DIR / "test.sqlite3")}
else:
    _database["CONN_MAX_AGE"] = None
    _database["CONN_HEALTH_CHECKS"] = True
    # Queries that are asked again and again are planned once a connection (tracks/prepared.py). A pooler that
    # gives each transaction another connection may not know them again: then false.
    if env.bool("DATABASE_PREPARES", True):
        _database["OPTIONS"] = {**_database.get("OPTIONS", {}), "prepare_threshold": 2}
DATABASES = {"default": _database}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

AUTH_USER_MODEL = "people.User"
AUTHENTICATION_BACKENDS = [
    # First, because the others take over the rights that it has looked up.
    "enablement.people.backends.RightsBackend",
    "enablement.people.backends.SignInBackend",
    "django.contrib.auth.backends.ModelBackend",
    "guardian.backends.ObjectPermissionBackend",
    "enablement.access.backends.GrantBackend",
]
# E-mail is unique, by a constraint that ignores case: Django's check looks for `unique=True` only.
SILENCED_SYSTEM_CHECKS = ["auth.W004"]
# Answered by live grants alone: a superuser has to show the skill like everybody else.
GOVERNED_PERMISSIONS = frozenset({"access.use_microtool"})
GUARDIAN_MONKEY_PATCH_USER = False
ANONYMOUS_USER_NAME = None
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": f"django.contrib.auth.password_validation.{name}"}
    for name in (
        "UserAttributeSimilarityValidator",
        "MinimumLengthValidator",
        "CommonPasswordValidator",
        "NumericPasswordValidator",
    )
]
if MODE == "test":
    PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]

ACCOUNT_ADAPTER = "enablement.people.adapters.AccountAdapter"
ACCOUNT_LOGIN_METHODS = {"email"}
ACCOUNT_SIGNUP_FIELDS = ["email*", "password1*", "password2*"]
ACCOUNT_USER_MODEL_USERNAME_FIELD = None
ACCOUNT_EMAIL_VERIFICATION = "mandatory"
ACCOUNT_UNIQUE_EMAIL = True
ACCOUNT_PREVENT_ENUMERATION = True
ACCOUNT_SESSION_REMEMBER = True
# How many proxies of ours stand in front: only their word on the client's address counts.
ALLAUTH_TRUSTED_PROXY_COUNT = env.int("TRUSTED_PROXY_COUNT", 1 if PRODUCTION else 0)
#: The organisation's own sign-in, or None. What it gives is decided at every sign-in (decision 0106).
IDENTITY_PROVIDER = organisation.from_environment(env, loopback=not PRODUCTION)
SOCIALACCOUNT_ADAPTER = "enablement.people.adapters.SocialAccountAdapter"
SOCIALACCOUNT_PROVIDERS = organisation.for_allauth(IDENTITY_PROVIDER)
MFA_SUPPORTED_TYPES = ["totp", "recovery_codes"]
MFA_TOTP_ISSUER = "Enablement"
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "home"

LANGUAGE_CODE = "en-gb"
LANGUAGES = [("en-gb", _("English"))]
LOCALE_PATHS = [BASE_DIR / "locale"]
TIME_ZONE = "UTC"
USE_TZ = True

STATIC_URL = "/static/"
STATIC_ROOT = VAR_DIR / "static"
# whitenoise warns about a folder that is not there yet.
STATIC_ROOT.mkdir(exist_ok=True)
STATICFILES_DIRS = [BASE_DIR / "static"]
MEDIA_ROOT = VAR_DIR / "media"
# Hashed names wherever files are collected; compressing them takes too long to wait for in a demo.
_STATIC_STORAGE = {
    "production": "whitenoise.storage.CompressedManifestStaticFilesStorage",
    "demo": "django.contrib.staticfiles.storage.ManifestStaticFilesStorage",
}.get(MODE, "django.contrib.staticfiles.storage.StaticFilesStorage")
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": _STATIC_STORAGE},
}
WHITENOISE_USE_FINDERS = not PRODUCTION and not DEMO
# Each test's client is a new start, and most ask for no file: then looking for one beats listing all of them.
WHITENOISE_AUTOREFRESH = MODE == "test"
DATA_UPLOAD_MAX_MEMORY_SIZE = 3 * 1024 * 1024
FILE_UPLOAD_MAX_MEMORY_SIZE = 3 * 1024 * 1024
EVIDENCE_MAX_BYTES = 10 * 1024 * 1024

CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [NONE],
        "base-uri": [NONE],
        "connect-src": [SELF],
        "font-src": [SELF],
        "form-action": [SELF],
        "frame-ancestors": [NONE],
        "img-src": [SELF, "data:"],
        "manifest-src": [SELF],
        "script-src": [SELF],
        "style-src": [SELF],
    }
}
PERMISSIONS_POLICY: dict[str, list[str]] = {
    name: [] for name in ("camera", "geolocation", "microphone", "payment", "usb")
}
SECURE_REFERRER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
SESSION_ENGINE = "enablement.people.sessions"
if PRODUCTION:
    SESSION_COOKIE_SECURE = True
    CSRF_COOKIE_SECURE = True
    SECURE_SSL_REDIRECT = env.bool("SECURE_SSL_REDIRECT", True)
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
    SECURE_REDIRECT_EXEMPT = [r"^healthz$", r"^readyz$"]
    SECURE_HSTS_SECONDS = 31_536_000
    SECURE_HSTS_INCLUDE_SUBDOMAINS = True
    SECURE_HSTS_PRELOAD = True
    CSRF_TRUSTED_ORIGINS = [SITE_URL]

REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": ["enablement.people.api.authentication.TokenAuthentication"],
    "DEFAULT_THROTTLE_CLASSES": ["enablement.people.api.throttling.TokenThrottle"],
    "DEFAULT_PERMISSION_CLASSES": ["enablement.people.api.permissions.HasScope"],
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_PARSER_CLASSES": ["enablement.people.api.parsers.StrictJSONParser"],
    "DEFAULT_SCHEMA_CLASS": "drf_spectacular.openapi.AutoSchema",
    "EXCEPTION_HANDLER": "enablement.problems.exception_handler",
    "UNAUTHENTICATED_USER": None,
}
#: Of a token that says nothing else.
CALLS_PER_MINUTE = env.int("CALLS_PER_MINUTE", 60_000)
_refuse_unless(CALLS_PER_MINUTE >= 1, "CALLS_PER_MINUTE has to be at least 1")
#: So many denies of one person at one tool within so many seconds are told to compliance, once a window.
DENY_ALERT_COUNT = env.int("DENY_ALERT_COUNT", 10)
DENY_ALERT_WINDOW_SECONDS = env.int("DENY_ALERT_WINDOW_SECONDS", 60 * 60)
_refuse_unless(
    DENY_ALERT_COUNT >= 1 and DENY_ALERT_WINDOW_SECONDS >= 60,  # noqa: PLR2004 - beat looks once a minute
    "DENY_ALERT_COUNT has to be at least 1, DENY_ALERT_WINDOW_SECONDS at least 60",
)
#: A grant is suspended where so many of so many outputs, decided within so many days, were reworked or
#: overturned; a tool's own rule in the playbook goes before it.
REWORK_COUNT = env.int("REWORK_COUNT", 8)
REWORK_OF = env.int("REWORK_OF", 20)
REWORK_DAYS = env.int("REWORK_DAYS", 14)
_refuse_unless(
    1 <= REWORK_COUNT <= REWORK_OF <= 1_000 and 1 <= REWORK_DAYS <= 365,  # noqa: PLR2004 - as in a playbook
    "REWORK_COUNT has to be from 1 to REWORK_OF, that at most 1000, REWORK_DAYS from 1 to 365",
)
#: Where webhooks may go although it is private, and without TLS. Everything else is public and https.
try:
    WEBHOOK_ALLOWED_NETWORKS = [
        ipaddress.ip_network(name.strip())
        for name in env.list("WEBHOOK_ALLOWED_NETWORKS", [] if PRODUCTION else ["127.0.0.0/8"], subcast=str)
        if name.strip()
    ]
except ValueError as error:
    raise ImproperlyConfigured(f"WEBHOOK_ALLOWED_NETWORKS: {error}") from error
#: From the connection to the head of the answer.
WEBHOOK_TIMEOUT_SECONDS = 10
SPECTACULAR_SETTINGS = {"TITLE": "Enablement", "VERSION": "1", "SERVE_PERMISSIONS": []}

EMAIL_BACKEND = env.str(
    "EMAIL_BACKEND",
    "django.core.mail.backends.smtp.EmailBackend"
    if PRODUCTION
    else "django.core.mail.backends.filebased.EmailBackend",
)
EMAIL_FILE_PATH = VAR_DIR / "mail"
DEFAULT_FROM_EMAIL = env.str("DEFAULT_FROM_EMAIL", "enablement@localhost")
EMAIL_HOST = env.str("EMAIL_HOST", "localhost")
EMAIL_PORT = env.int("EMAIL_PORT", 25)
EMAIL_HOST_USER = env.str("EMAIL_HOST_USER", "")
EMAIL_HOST_PASSWORD = env.str("EMAIL_HOST_PASSWORD", "")
EMAIL_USE_TLS = env.bool("EMAIL_USE_TLS", default=False)
EMAIL_TIMEOUT = 10

#: Where approvals that wait for a person are announced; empty: nowhere but by e-mail.
SLACK_WEBHOOK_URL = env.str("SLACK_WEBHOOK_URL", "").strip()
TEAMS_WEBHOOK_URL = env.str("TEAMS_WEBHOOK_URL", "").strip()
for _channel in (SLACK_WEBHOOK_URL, TEAMS_WEBHOOK_URL):
    _refuse_unless(
        not _channel or _channel.startswith("https://"),
        "SLACK_WEBHOOK_URL and TEAMS_WEBHOOK_URL have to begin with https://",
    )

if PRODUCTION:
    # Limits on failed sign-ins count for all web processes together.
    # It would hold 300 of them and then drop a third, whosever: more people than that sign in at nine.
    CACHES = {
        "default": {
            "BACKEND": "django.core.cache.backends.db.DatabaseCache",
            "LOCATION": "cache",
            "OPTIONS": {"MAX_ENTRIES": 20_000},
        }
    }

# Background work. Nothing here is trusted to keep a message: the job table is the record, the broker only
# wakes workers. That is why publishing gives up after seconds and why messages may expire.
REDIS_URL = env.str("REDIS_URL", "")
_refuse_unless(
    REDIS_URL.startswith(("redis://", "rediss://", "unix://")),
    "REDIS_URL has to begin with redis:// or rediss://",
)
CELERY_BROKER_URL = REDIS_URL or "filesystem://"
_PUBLISH_RETRY: dict[str, Any] = {
    "max_retries": 1,
    "interval_start": 0,
    "interval_step": 0.2,
    "interval_max": 0.2,
}
if REDIS_URL:
    CELERY_BROKER_TRANSPORT_OPTIONS: dict[str, Any] = {
        "socket_timeout": 2,
        "socket_connect_timeout": 2,
        **_PUBLISH_RETRY,
    }
else:
    _BROKER_DIR = VAR_DIR / "broker"
    _BROKER_DIR.mkdir(exist_ok=True)
    CELERY_BROKER_TRANSPORT_OPTIONS = {
        "data_folder_in": str(_BROKER_DIR),
        "data_folder_out": str(_BROKER_DIR),
        "control_folder": str(VAR_DIR / "broker-control"),
        "polling_interval": 0.2,
    }
CELERY_BROKER_CONNECTION_TIMEOUT = 2
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
# A worker waits for its broker for ever.
CELERY_BROKER_CONNECTION_MAX_RETRIES = None
CELERY_TASK_PUBLISH_RETRY_POLICY = _PUBLISH_RETRY
CELERY_TASK_IGNORE_RESULT = True
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
CELERY_WORKER_ENABLE_REMOTE_CONTROL = False
CELERY_WORKER_CANCEL_LONG_RUNNING_TASKS_ON_CONNECTION_LOSS = False
# KiB; a prefork worker process that has grown past it is replaced after its task.
CELERY_WORKER_MAX_MEMORY_PER_CHILD = 250_000
CELERY_BEAT_SCHEDULER = "enablement.jobs.beat:Scheduler"
CELERY_BEAT_SCHEDULE_FILENAME = str(VAR_DIR / "beat-schedule")
CELERY_BEAT_SCHEDULE = schedule.beat(sweep_seconds=15 if PRODUCTION else 5)

LOGGING: dict[str, Any] = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"line": {"format": "%(asctime)s %(levelname)s %(name)s %(message)s"}},
    "handlers": {"console": {"class": "logging.StreamHandler", "stream": sys.stderr, "formatter": "line"}},
    "root": {"handlers": ["console"], "level": env.str("LOG_LEVEL", "INFO")},
    "loggers": {name: {"level": "ERROR"} for name in ("django.request", "fontTools", "kombu.connection")}
    # Which characters no font has, it says as a warning, and tracks.pdf listens.
    | {"weasyprint": {"level": "WARNING"}},
}
