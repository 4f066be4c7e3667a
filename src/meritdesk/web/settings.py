"""Settings of the web part; everything that differs between machines comes from the environment.

Each variable is documented in docs/guide/administrator.md. Nothing secret has a default: without
MERITDESK_SECRET_KEY a key is made once and kept, readable by the owner only, in MERITDESK_HOME.
"""

from __future__ import annotations

import os
import secrets
import sqlite3
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

HOME = Path(os.environ.get("MERITDESK_HOME", "meritdesk-data")).absolute()
"""Where the database, the files handed in and the archives lie."""

DEMO = os.environ.get("MERITDESK_DEMO") == "1"
DEBUG = False


def _secret_key() -> str:
    if key := os.environ.get("MERITDESK_SECRET_KEY"):
        return key
    HOME.mkdir(parents=True, exist_ok=True)
    path = HOME / "secret.key"
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        return path.read_text(encoding="ascii").strip()
    with os.fdopen(descriptor, "w", encoding="ascii") as file:
        file.write(secrets.token_urlsafe(48))
    return path.read_text(encoding="ascii").strip()


def wal_is_safe(version: tuple[int, ...]) -> bool:
    """Return whether this SQLite may use WAL with several connections (the WAL-reset defect is mended in it)."""
    return version >= (3, 51, 3) or (3, 50, 7) <= version < (3, 51) or (3, 44, 6) <= version < (3, 45)


def _database() -> dict[str, Any]:
    address = os.environ.get("MERITDESK_DATABASE", "")
    if not address:
        HOME.mkdir(parents=True, exist_ok=True)
        journal = "WAL" if wal_is_safe(sqlite3.sqlite_version_info) else "TRUNCATE"
        return {
            "ENGINE": "django.db.backends.sqlite3",
            "NAME": HOME / "meritdesk.sqlite3",
            "OPTIONS": {
                # A writer takes its lock when the transaction begins: it waits, instead of failing half-way.
                "transaction_mode": "IMMEDIATE",
                "timeout": 60,
                "init_command": f"PRAGMA journal_mode={journal}; PRAGMA synchronous=FULL; "
                "PRAGMA recursive_triggers=ON;",
            },
            "TEST": {"NAME": os.environ.get("MERITDESK_TEST_FILE")},
        }
    parts = urlsplit(address)
    if parts.scheme not in ("postgres", "postgresql"):
        raise ValueError("MERITDESK_DATABASE must be postgresql://user:password@host:port/name, or empty for SQLite")
    return {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": parts.path.lstrip("/"),
        "USER": unquote(parts.username or ""),
        "PASSWORD": unquote(parts.password or ""),
        "HOST": parts.hostname or "",
        "PORT": str(parts.port or ""),
        "CONN_MAX_AGE": 60,
        "CONN_HEALTH_CHECKS": True,
    }


SECRET_KEY = _secret_key()
DATABASES = {"default": _database()}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
ALLOWED_HOSTS = os.environ.get("MERITDESK_HOSTS", "localhost,127.0.0.1,[::1]").split(",")
HTTPS = os.environ.get("MERITDESK_HTTPS") == "1"
PROXIES = int(os.environ.get("MERITDESK_PROXIES", "0"))
"""How many trusted proxies stand before the server."""

INSTALLED_APPS = [
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django_htmx",
    "django_tasks",
    "django_tasks_db",
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "meritdesk.web.ui",
    "meritdesk.web.access",
    "meritdesk.web.jobs",
    "meritdesk.web.people",
    "meritdesk.web.schemes",
    "meritdesk.web.cycles",
    "meritdesk.web.home",
]
MIDDLEWARE = [
    "meritdesk.web.access.logs.RequestLogMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "meritdesk.web.access.middleware.LanguageMiddleware",
    "meritdesk.web.access.middleware.HeadersMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "meritdesk.web.access.middleware.AccessMiddleware",
]
ROOT_URLCONF = "meritdesk.web.urls"
WSGI_APPLICATION = "meritdesk.web.wsgi.application"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "APP_DIRS": True,
        "OPTIONS": {
            "builtins": ["meritdesk.web.ui.templatetags.meritdesk_ui"],
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "meritdesk.web.home.context.frame",
            ],
        },
    }
]

# ---- sign-in ---------------------------------------------------------------------------------------------------------

AUTH_USER_MODEL = "access.User"
AUTHENTICATION_BACKENDS = ["allauth.account.auth_backends.AuthenticationBackend"]
PASSWORD_HASHERS = ["meritdesk.web.access.passwords.Argon2id"]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator",
     "OPTIONS": {"user_attributes": ("username", "name", "email")}},
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 10}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
    {"NAME": "django.contrib.auth.password_validation.NumericPasswordValidator"},
]  # fmt: skip
MFA_REQUIRED = os.environ.get("MERITDESK_MFA", "optional" if DEMO else "required") == "required"
"""Whether personnel, finance, auditors and administrators must set up a second factor before they can do anything."""
ACCOUNT_ADAPTER = "meritdesk.web.access.sign_in.adapters.AccountAdapter"
ACCOUNT_LOGIN_METHODS = {"username"}
ACCOUNT_SIGNUP_FIELDS = ["username*", "password1*"]
ACCOUNT_EMAIL_VERIFICATION = "none"
ACCOUNT_SESSION_REMEMBER = False
ACCOUNT_LOGOUT_REDIRECT_URL = "account_login"
ACCOUNT_REAUTHENTICATION_TIMEOUT = 300
# Failed sign-ins are counted in access.sign_in.limits; allauth counts wrong codes of the second factor.
ACCOUNT_RATE_LIMITS = {"login": None, "login_failed": "5/5m/key", "reauthenticate": "20/m/user"}
ALLAUTH_TRUSTED_PROXY_COUNT = PROXIES
MFA_ADAPTER = "meritdesk.web.access.sign_in.adapters.SecondFactorAdapter"
MFA_TOTP_ISSUER = "Meritdesk"
# In the database, because every process must see what the others counted: codes used, wrong codes.
CACHES = {
    "default": {
        "BACKEND": "django.core.cache.backends.db.DatabaseCache",
        "LOCATION": "access_cache",
        "OPTIONS": {"MAX_ENTRIES": 100_000},
    }
}
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "home"
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = HTTPS
SESSION_COOKIE_AGE = 12 * 3600
"""Absolute life of a session in seconds; SESSION_IDLE_SECONDS ends it earlier when nobody is there."""
SESSION_IDLE_SECONDS = int(os.environ.get("MERITDESK_IDLE_MINUTES", "60")) * 60

# ---- the way to the server -------------------------------------------------------------------------------------------

SECURE_SSL_REDIRECT = HTTPS
SECURE_REDIRECT_EXEMPT = [r"^health$"]
SECURE_HSTS_SECONDS = 31_536_000 if HTTPS else 0
# Whether sister domains speak HTTPS only is not for this program to promise.
SILENCED_SYSTEM_CHECKS = ["security.W005", "security.W021"]
if PROXIES:
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"json": {"()": "meritdesk.web.access.logs.JsonFormatter"}},
    "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "json"}},
    "root": {"handlers": ["stderr"], "level": "WARNING"},
    "loggers": {
        "meritdesk": {"level": os.environ.get("MERITDESK_LOG_LEVEL", "INFO")},
        "django": {"handlers": ["stderr"], "level": "WARNING", "propagate": False},
        # What it says is in the line of the request, without the address and what is in it.
        "django.request": {"handlers": ["stderr"], "level": "ERROR", "propagate": False},
    },
}

# ---- language, time, files -------------------------------------------------------------------------------------------

LANGUAGE_CODE = "zh-hans"
LANGUAGES = [("zh-hans", "中文"), ("en", "English")]
USE_I18N = True
USE_TZ = True
TIME_ZONE = "Asia/Shanghai"
STATIC_URL = "/static/"
STATIC_ROOT = None
WHITENOISE_USE_FINDERS = True
WHITENOISE_AUTOREFRESH = False
WHITENOISE_MAX_AGE = 31_536_000
FILE_UPLOAD_MAX_MEMORY_SIZE = 5 * 2**20
DATA_UPLOAD_MAX_NUMBER_FIELDS = 20_000
UPLOAD_LIMIT_BYTES = 200 * 2**20

TASKS = {"default": {"BACKEND": "django_tasks_db.DatabaseBackend", "QUEUES": ["default"]}}
