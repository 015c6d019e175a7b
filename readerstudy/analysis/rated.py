"""Whether there is anything to report on."""

from __future__ import annotations

from readerstudy.analysis.table import COUNTED
from readerstudy.reading.models import Rating
from readerstudy.studies.models import Study


def is_rated(study: Study) -> bool:
    """Whether a reader has given a rating that counts."""
    mine = {"allocation__plan__study": study, "allocation__plan__is_pilot": False}
    mine |= {"allocation__kind__in": COUNTED}
    return Rating.objects.filter(**mine).exclude(value="").exists()
