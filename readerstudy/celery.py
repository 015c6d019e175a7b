"""The Celery application: a bell for work whose state lives in PostgreSQL."""

import os

from celery import Celery
from django.conf import settings

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "readerstudy.settings")

app = Celery("readerstudy")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()


def make_broker_folders() -> None:
    """The filesystem broker needs its folders before the first message."""
    for name in ("messages", "processed", "control"):
        (settings.BROKER_FOLDER / name).mkdir(parents=True, exist_ok=True)


if not settings.REDIS_URL:
    make_broker_folders()
