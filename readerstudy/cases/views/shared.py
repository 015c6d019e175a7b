"""What several pages of the Images station show."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from django.http import HttpRequest, HttpResponseBase, StreamingHttpResponse

from readerstudy.cases.actions import ATTESTED
from readerstudy.cases.downloads import as_csv
from readerstudy.cases.fates import FileFate, tally, tell, to_mention
from readerstudy.cases.models import Attestation
from readerstudy.studies.access import Access
from readerstudy.studies.policies import can_change_protocol

FILES_BESIDE_IMAGES = 8


def fates_context(request: HttpRequest, access: Access) -> dict[str, Any]:
    latest: list[FileFate] = tell(to_mention(access.study)[:FILES_BESIDE_IMAGES])
    return {
        "access": access,
        "study": access.study,
        "can_change": can_change_protocol(access.study),
        "has_attested": Attestation.objects.filter(study=access.study, by=access.user).exists(),
        "attestation": ATTESTED,
        "tally": tally(access.study),
        "latest": latest,
    }


def as_download(rows: Iterator[list[str]], name: str) -> HttpResponseBase:
    response = StreamingHttpResponse(as_csv(rows), content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="{name}"'
    return response
