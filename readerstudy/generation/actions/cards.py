"""What a site has agreed with its providers."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

from django.db import connection as database
from django.db import transaction
from django.db.models import Max

from readerstudy.accounts.models import User
from readerstudy.audit.record import record
from readerstudy.generation.models import VendorCard

LOCK = 0x63617264  # of the advisory lock under which versions are numbered


@transaction.atomic
def save_card(*, connection: str, fields: Mapping[str, Any], by: User) -> VendorCard:
    """Writes the next version of a provider's card; the ones before it stay as they are."""
    with database.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [LOCK])
    versions = VendorCard.objects.filter(connection=connection)
    number = (versions.aggregate(last=Max("number"))["last"] or 0) + 1
    card = VendorCard.objects.create(connection=connection, number=number, entered_by=by, **fields)
    told = {name: value.isoformat() if isinstance(value, date) else value for name, value in fields.items()}
    record("card.save", by=by, subject=connection, data={"number": number, **told})
    return card
