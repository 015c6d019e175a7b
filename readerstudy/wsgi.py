"""The web application for gunicorn."""

import gc
import os

from django.core.wsgi import get_wsgi_application
from django.template.loader import get_template
from django.urls import get_resolver

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "readerstudy.settings")

application = get_wsgi_application()


def load_what_requests_need() -> None:
    """Imports every view and compiles the reader's page, and keeps the collector off all of it.

    Gunicorn runs with `--preload`: what is loaded before the fork is shared by all workers as long as nobody writes to
    it, which a garbage collection would; and no reader waits for it at the first request.
    """
    get_resolver().reverse_dict  # noqa: B018  reading it is what loads
    get_template("reading/read.html")
    gc.collect()
    gc.freeze()


load_what_requests_need()
