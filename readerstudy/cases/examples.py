"""Images that models get as scored examples are never images that are read or that prompts are tried on.

Two pictures are the same if any of their clean files is: the hash of a rendition depends on the pixels alone, not on
the file they came in.
"""

from __future__ import annotations

from collections.abc import Iterable

from django.db import models
from django.utils.translation import gettext as _

from readerstudy.cases.models import Case, Purpose, Rendition, RenditionKind
from readerstudy.cases.policies import CasesError, named
from readerstudy.studies.models import Study

PICTURES = (RenditionKind.FULL, RenditionKind.DISPLAY, RenditionKind.NORMAL)


def check_examples_apart(study: Study, codes: Iterable[str] | None = None) -> None:
    """Whether the study's example cases, or those of `codes`, show no picture of any other case.

    Raises `CasesError` naming the cases.
    """
    shared = _shared(study, codes)
    if shared:
        raise CasesError(
            _(
                "The images of %(cases)s are examples, and the same pictures are read or validated as other cases. An "
                "example must not be an image of the study: choose another, or leave one of the two out."
            )
            % {"cases": named(shared)}
        )


def _shared(study: Study, codes: Iterable[str] | None) -> list[str]:
    """Codes of example cases that show a picture of a case with another purpose."""
    kept = Case.objects.kept(study)
    others = _pictures(kept.exclude(purpose=Purpose.EXAMPLE))
    examples = kept.filter(purpose=Purpose.EXAMPLE)
    wanted = examples if codes is None else examples.filter(code__in=list(codes))
    same = _pictures(wanted).filter(sha256__in=others.values("sha256"))
    return sorted(set(same.values_list("image__case__code", flat=True)))


def _pictures(cases: models.QuerySet[Case]) -> models.QuerySet[Rendition]:
    return Rendition.objects.current().filter(image__case__in=cases, kind__in=PICTURES)
