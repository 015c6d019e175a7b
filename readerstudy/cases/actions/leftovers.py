"""What came in is forgotten, or kept encrypted, once it is rendered."""

from __future__ import annotations

import logging
import secrets
from datetime import timedelta

from django.utils import timezone

from readerstudy.cases import store
from readerstudy.cases.actions.versions import forget_unused
from readerstudy.cases.models import UNFINISHED, Upload
from readerstudy.cases.originals import OriginalsError, keep

STRAY_AFTER = timedelta(hours=2)

logger = logging.getLogger(__name__)


def forget_bytes(pk: int) -> None:
    """Deletes what came in for a finished upload, after encrypting it where the study keeps originals.

    The row keeps the stored name until the bytes are really gone.
    """
    upload = Upload.objects.filter(pk=pk).exclude(fate__in=UNFINISHED).exclude(stored="").first()
    if upload is not None and _is_kept_if_wanted(upload):
        store.forget_incoming(upload.stored)
        Upload.objects.filter(pk=pk).update(stored="")


def _is_kept_if_wanted(upload: Upload) -> bool:
    """False where the bytes have to wait, for a key or for storage that works: the sweep tries again."""
    try:
        keep(upload)
    except FileNotFoundError:
        logger.error("The bytes of upload %d are gone, so its original is not kept.", upload.pk)
    except (OriginalsError, OSError) as error:
        logger.error("Upload %d waits to be encrypted: %s.", upload.pk, type(error).__name__)
        return False
    return True


def forget_leftovers() -> None:
    """Deletes bytes that a killed process left behind: of finished uploads, and of files that never got a row."""
    finished = Upload.objects.exclude(fate__in=UNFINISHED).exclude(stored="")
    for pk in finished.values_list("pk", flat=True):
        forget_bytes(pk)
    long_ago = timezone.now() - STRAY_AFTER
    store.forget_half_received(long_ago)
    for stored in store.incoming_before(long_ago):
        if not Upload.objects.filter(stored=stored).exists():
            store.forget_incoming(stored)


def forget_stray_renditions(prefix: str = "") -> None:
    """Deletes clean files that a worker stored and was killed before it wrote their rows.

    Each call looks at one of 256 parts of the store, by default any: a sweep stays cheap, and many reach all.
    """
    part = prefix or f"{secrets.randbelow(256):02x}"
    forget_unused(store.renditions_before(timezone.now() - STRAY_AFTER, prefix=part))
