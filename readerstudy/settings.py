"""All settings of readerstudy, each from the environment, with defaults that serve a single machine.

`docs/reference/settings.md` lists every variable; a test keeps the two together.
"""

import secrets
from pathlib import Path
from urllib.parse import unquote, urlsplit

import django_stubs_ext

from readerstudy import embedded, environment
from readerstudy.providers.connections import read_connections

django_stubs_ext.monkeypatch()  # lets admin and form classes name their model as a type parameter

BASE_DIR = Path(__file__).resolve().parent.parent
VAR = environment.folder("READERSTUDY_VAR", BASE_DIR / "var")

# --- Who we are -------------------------------------------------------------------------------------------
DEBUG = environment.boolean("DEBUG", False)
ALLOWED_HOSTS = environment.listing("ALLOWED_HOSTS", "localhost,127.0.0.1,[::1]")
CSRF_TRUSTED_ORIGINS = environment.listing("CSRF_TRUSTED_ORIGINS")
HTTPS = environment.boolean("READERSTUDY_HTTPS", False)


def _secret_key() -> str:
    """The key of the environment, or one made once and kept beside the data of this machine."""
    given = environment.text("SECRET_KEY")
    if given or not environment.boolean("READERSTUDY_MAKE_SECRET", True):
        return given
    kept = environment.make_private(VAR / "keys") / "secret_key"
    if not kept.exists():
        kept.write_text(secrets.token_urlsafe(64))
    return kept.read_text()


SECRET_KEY = _secret_key()

# --- Database ---------------------------------------------------------------------------------------------
DATABASE_URL = environment.text("DATABASE_URL")
EMBEDDED_DATABASE = not DATABASE_URL
COMMANDS_WITHOUT_DATABASE = {"classify_refusals", "demo", "ingest", "spectacular"}

# Statements that are to be prepared are prepared the first time, and planned once instead of for each parameter; an
# index is worth its while on today's disks.
PREPARED = {
    "prepare_threshold": 0,
    "options": "-c plan_cache_mode=force_generic_plan -c jit=off -c random_page_cost=1.1",
}


def _database(address: str) -> dict[str, object]:
    parts = urlsplit(address)
    query = dict(pair.split("=", 1) for pair in parts.query.split("&") if "=" in pair)
    return {
        "ENGINE": "readerstudy.postgres",
        "NAME": unquote(parts.path.lstrip("/")),
        "USER": unquote(parts.username or ""),
        "PASSWORD": unquote(parts.password or ""),
        "HOST": unquote(query.pop("host", "") or parts.hostname or ""),
        "PORT": str(parts.port or ""),
        "OPTIONS": {**PREPARED, **query},
        "CONN_MAX_AGE": 600,
        "CONN_HEALTH_CHECKS": True,
    }


DATABASES = {"default": _database(DATABASE_URL or embedded.engine(VAR).url)}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

# --- Rooms ------------------------------------------------------------------------------------------------
INSTALLED_APPS = [
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "whitenoise.runserver_nostatic",
    "django.contrib.staticfiles",
    "django_htmx",
    "template_partials",
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "rest_framework",
    "drf_spectacular",
    "readerstudy.accounts",
    "readerstudy.audit",
    "readerstudy.studies",
    "readerstudy.cases",
    "readerstudy.generation",
    "readerstudy.reading",
    "readerstudy.analysis",
    "readerstudy.api",
    "readerstudy.demo",
]

MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "csp.middleware.CSPMiddleware",
    "readerstudy.accounts.middleware.security_headers",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "readerstudy.accounts.middleware.own_language",
    "django.contrib.auth.middleware.LoginRequiredMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "readerstudy.accounts.middleware.frame_sign_in",
    "django_htmx.middleware.HtmxMiddleware",
]

ROOT_URLCONF = "readerstudy.urls"
WSGI_APPLICATION = "readerstudy.wsgi.application"

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "readerstudy.accounts.context.appearance",
                "readerstudy.accounts.context.languages",
            ]
        },
    }
]

# --- Sign-in ----------------------------------------------------------------------------------------------
AUTH_USER_MODEL = "accounts.User"
AUTHENTICATION_BACKENDS = [
    "allauth.account.auth_backends.AuthenticationBackend",
    "sesame.backends.ModelBackend",
]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {
        "NAME": "django.contrib.auth.password_validation.MinimumLengthValidator",
        "OPTIONS": {"min_length": 10},
    },
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
]
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "studies:list"
ACCOUNT_ADAPTER = "readerstudy.accounts.adapter.InvitationOnly"
ACCOUNT_USER_MODEL_USERNAME_FIELD = None
ACCOUNT_LOGIN_METHODS = {"email"}
ACCOUNT_SIGNUP_FIELDS = ["email*", "password1*"]
ACCOUNT_EMAIL_VERIFICATION = "none"
ACCOUNT_LOGIN_BY_CODE_ENABLED = True
ACCOUNT_EMAIL_SUBJECT_PREFIX = ""
ACCOUNT_SESSION_REMEMBER = True
MFA_SUPPORTED_TYPES = ["totp", "recovery_codes"]
MFA_TOTP_ISSUER = "readerstudy"
INVITATION_HOURS = environment.integer("INVITATION_HOURS", 72)
SESAME_MAX_AGE = INVITATION_HOURS * 3600
SESAME_INVALIDATE_ON_PASSWORD_CHANGE = False

# --- Security ---------------------------------------------------------------------------------------------
SESSION_ENGINE = (
    "django.contrib.sessions.backends.cached_db"
    if environment.text("REDIS_URL")
    else "readerstudy.accounts.sessions"
)
SESSION_COOKIE_AGE = 14 * 24 * 3600
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = CSRF_COOKIE_SAMESITE = "Lax"
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = SECURE_SSL_REDIRECT = HTTPS
SECURE_REDIRECT_EXEMPT = [r"^health/"]
SECURE_HSTS_SECONDS = 365 * 24 * 3600 if HTTPS else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = SECURE_HSTS_PRELOAD = HTTPS
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if HTTPS else None
SECURE_REFERRER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": ["'none'"],
        "script-src": ["'self'"],
        "style-src": ["'self'"],
        "img-src": ["'self'"],
        "connect-src": ["'self'"],
        "form-action": ["'self'"],
        "base-uri": ["'none'"],
        "frame-ancestors": ["'none'"],
    }
}
DATA_UPLOAD_MAX_NUMBER_FIELDS = 2000
DATA_UPLOAD_MAX_NUMBER_FILES = 100
# A killed web process must not leave a patient's bytes in a folder that others share; the sweep clears this one.
FILE_UPLOAD_TEMP_DIR = environment.make_private(VAR / "receiving")

# --- Words, dates, files ----------------------------------------------------------------------------------
LANGUAGE_CODE = "en"
# Each in its own words: whoever looks for a language reads that one. Arabic holds what a reader meets, the other two
# everything; `tests/languages` refuses a catalogue that lacks any of it.
LANGUAGES = [("en", "English"), ("de", "Deutsch"), ("es", "Español"), ("ar", "العربية")]
LANGUAGES_OF_READERS = ["ar"]
LANGUAGE_COOKIE_AGE = 365 * 24 * 3600
LANGUAGE_COOKIE_SAMESITE = "Lax"
LANGUAGE_COOKIE_SECURE = HTTPS
LOCALE_PATHS = [BASE_DIR / "readerstudy" / "locale"]
TIME_ZONE = environment.text("TIME_ZONE", "UTC")
USE_TZ = True
STATIC_URL = "/static/"
STATIC_ROOT = environment.folder("STATIC_ROOT", VAR / "static")
STATICFILES_DIRS = [BASE_DIR / "static"]
STATICFILES_FINDERS = [
    "readerstudy.sheets.SheetFinder",
    "django.contrib.staticfiles.finders.AppDirectoriesFinder",
]
MEDIA_ROOT = VAR / "media"
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "readerstudy.static_storage.HashedStaticFiles"},
}
MAX_UPLOAD_BYTES = environment.integer("MAX_UPLOAD_MEGABYTES", 2000) * 1024 * 1024
MAX_WAITING_BYTES = environment.integer("MAX_WAITING_MEGABYTES", 20_000) * 1024 * 1024
TRANSFER_HOURS = 24  # a large file that nobody goes on sending is forgotten then
ORIGINALS_KEY = environment.secret("ORIGINALS_KEY", 32)

# --- Mail -------------------------------------------------------------------------------------------------
EMAIL_HOST = environment.text("EMAIL_HOST")
EMAIL_PORT = environment.integer("EMAIL_PORT", 587)
EMAIL_HOST_USER = environment.text("EMAIL_HOST_USER")
EMAIL_HOST_PASSWORD = environment.text("EMAIL_HOST_PASSWORD")
EMAIL_USE_TLS = environment.boolean("EMAIL_USE_TLS", True)
EMAIL_BACKEND = f"django.core.mail.backends.{'smtp' if EMAIL_HOST else 'filebased'}.EmailBackend"
EMAIL_FILE_PATH = VAR / "mail"
DEFAULT_FROM_EMAIL = environment.text("DEFAULT_FROM_EMAIL", "readerstudy@localhost")

# --- Cache, broker, workers -------------------------------------------------------------------------------
REDIS_URL = environment.text("REDIS_URL")
CACHES = {
    "default": (
        {"BACKEND": "django.core.cache.backends.redis.RedisCache", "LOCATION": REDIS_URL}
        if REDIS_URL
        else {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"}
    )
}
BROKER_FOLDER = VAR / "broker"
CELERY_BROKER_URL = REDIS_URL or "filesystem://localhost//"
CELERY_BROKER_TRANSPORT_OPTIONS = (
    {"visibility_timeout": 3600}
    if REDIS_URL
    else {
        "data_folder_in": str(BROKER_FOLDER / "messages"),
        "data_folder_out": str(BROKER_FOLDER / "messages"),
        "processed_folder": str(BROKER_FOLDER / "processed"),
        "control_folder": str(BROKER_FOLDER / "control"),
        "store_processed": False,
        "polling_interval": 0.1,
    }
)
CELERY_TASK_IGNORE_RESULT = True
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
CELERY_WORKER_POOL = "threads"
CELERY_WORKER_CONCURRENCY = environment.integer("WORKER_THREADS", 8)
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_IMPORTS = [
    "readerstudy.generation.verdicts.judge_calls"
]  # beside the tasks modules, which are found by themselves
CELERY_BEAT_SCHEDULE_FILENAME = str(VAR / "beat-schedule")
SWEEP_SECONDS = environment.integer("SWEEP_SECONDS", 15)
CELERY_BEAT_SCHEDULE = {
    "audit-seal": {"task": "readerstudy.audit.tasks.seal_all", "schedule": 24 * 3600},
    "ingest-sweep": {"task": "readerstudy.cases.tasks.sweep", "schedule": SWEEP_SECONDS},
    "generation-sweep": {"task": "readerstudy.generation.tasks.sweep", "schedule": SWEEP_SECONDS},
    "judge-sweep": {"task": "readerstudy.generation.verdicts.judge_calls.sweep", "schedule": SWEEP_SECONDS},
    "generation-batches": {
        "task": "readerstudy.generation.tasks.hand_in_and_collect",
        "schedule": SWEEP_SECONDS,
    },
}

# --- Models -----------------------------------------------------------------------------------------------
CONNECTIONS = read_connections(environment.text)
CALL_DEADLINE_SECONDS = environment.integer("CALL_DEADLINE_SECONDS", 120)
LEASE_MARGIN_SECONDS = environment.integer("LEASE_MARGIN_SECONDS", 30)
MAX_ATTEMPTS = environment.integer("MAX_ATTEMPTS", 6)
BELLS = environment.integer("BELLS", 64)
BATCH_LOOK_SECONDS = environment.integer("BATCH_LOOK_SECONDS", 60)

# --- API --------------------------------------------------------------------------------------------------
REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": ["readerstudy.api.authentication.StudyTokenAuthentication"],
    "DEFAULT_PERMISSION_CLASSES": ["readerstudy.api.permissions.TokenMayReachStudy"],
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_PARSER_CLASSES": [
        "rest_framework.parsers.JSONParser",
        "rest_framework.parsers.MultiPartParser",
    ],
    "DEFAULT_THROTTLE_CLASSES": [
        "readerstudy.api.throttling.PerToken",
        "readerstudy.api.throttling.PerAddress",
    ],
    "DEFAULT_THROTTLE_RATES": {
        "token": environment.text("API_RATE_PER_TOKEN", "600/min"),
        "address": environment.text("API_RATE_PER_ADDRESS", "60/min"),
    },
    "DEFAULT_SCHEMA_CLASS": "drf_spectacular.openapi.AutoSchema",
    "DEFAULT_PAGINATION_CLASS": "rest_framework.pagination.CursorPagination",
    "PAGE_SIZE": 100,
    "NUM_PROXIES": environment.integer("PROXIES", 0),
    "EXCEPTION_HANDLER": "readerstudy.api.errors.as_sentence",
    "UNAUTHENTICATED_USER": "django.contrib.auth.models.AnonymousUser",
}
SPECTACULAR_SETTINGS = {
    "TITLE": "readerstudy",
    "DESCRIPTION": "Studies, image uploads, generation, reading progress and exports, one study for each token.",
    "VERSION": "1",
    "SERVE_INCLUDE_SCHEMA": False,
}

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"plain": {"format": "{asctime} {levelname} {name} {message}", "style": "{"}},
    "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "plain"}},
    "root": {"handlers": ["console"], "level": environment.text("LOG_LEVEL", "INFO")},
}
