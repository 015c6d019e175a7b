"""The secret with which a study's identifiers become hashes and its days begin: one for each study, kept nowhere."""

from __future__ import annotations

import hashlib
import hmac

from django.conf import settings

from readerstudy.cases.models import rules_of
from readerstudy.imaging.asked import Asked
from readerstudy.studies.models import Study


def asked_of(study: Study) -> Asked:
    """What the decoding child may derive from the identifiers in this study's files."""
    told = f"readerstudy.images:{study.key}".encode()
    key = hmac.new(settings.SECRET_KEY.encode(), told, hashlib.sha256).hexdigest()
    return Asked(key=key, age_and_sex=rules_of(study).keeps_age_and_sex)
