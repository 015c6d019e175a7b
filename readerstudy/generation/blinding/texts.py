"""The outputs of a study as a coordinator reads them: text, verdict and what the verdict rests on."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from django.db.models import QuerySet

from readerstudy.cases.models import Image
from readerstudy.generation.forms import Group
from readerstudy.generation.models import Interpretation, RefusalVerdict
from readerstudy.generation.running.progress import flagged_of, is_doubtful
from readerstudy.providers.refusals import RATEABLE
from readerstudy.studies.models import Arm, Study
from readerstudy.studies.stations import Sign

LONGEST_SHOWN = 1200
BEGINNING = 600


@dataclass(frozen=True, slots=True)
class Output:
    """One interpretation with its standing verdict, the automatic one, and an image of its case, if any."""

    interpretation: Interpretation
    standing: RefusalVerdict
    automatic: RefusalVerdict
    image: Image | None

    @property
    def is_flagged(self) -> bool:
        """Whether a person should say what it is: it was flagged, and nobody has."""
        return self.standing.by_id is None and is_doubtful(self.automatic)

    @property
    def sign(self) -> Sign:
        """OK where there is something to rate, WARN where a person should look, BAD where there is nothing."""
        if self.is_flagged:
            return Sign.WARN
        return Sign.OK if self.standing.verdict in RATEABLE else Sign.BAD

    @property
    def is_long(self) -> bool:
        return len(self.interpretation.text) > LONGEST_SHOWN

    @property
    def beginning(self) -> str:
        return self.interpretation.text[:BEGINNING]

    @property
    def is_overruled(self) -> bool:
        return self.standing.verdict != self.automatic.verdict


def find_outputs(study: Study, *, arm: Arm | None, verdict: str) -> QuerySet[Interpretation]:
    """Interpretations in case order, then by arm; `verdict` is a label, a `Group`, or empty for all."""
    found = Interpretation.objects.filter(
        generation__arm__study=study, generation__case__left_out_at=None
    ).select_related("generation__arm", "generation__case", "attempt")
    if arm is not None:
        found = found.filter(generation__arm=arm)
    if verdict == Group.FLAGGED:
        found = found.filter(pk__in=flagged_of(study).values("interpretation"))
    elif verdict:
        standing = RefusalVerdict.objects.filter(
            pk__in=RefusalVerdict.objects.of(study).standing().values("pk")
        )
        wanted = (
            standing.filter(declined=True) if verdict == Group.DECLINED else standing.filter(verdict=verdict)
        )
        found = found.filter(pk__in=wanted.values("interpretation"))
    return found.order_by("generation__case__position", "generation__arm__position", "generation__replicate")


def tell(found: Iterable[Interpretation]) -> list[Output]:
    """The rows of one page, in three queries."""
    rows = list(found)
    verdicts = RefusalVerdict.objects.filter(interpretation__in=rows).select_related(
        "interpretation__attempt", "by"
    )
    standing = {verdict.interpretation_id: verdict for verdict in verdicts.standing()}
    automatic = {verdict.interpretation_id: verdict for verdict in verdicts.automatic()}
    images = Image.objects.filter(case__in={row.generation.case_id for row in rows}).order_by("case", "slot")
    first = {image.case_id: image for image in reversed(images)}
    return [
        Output(row, standing[row.pk], automatic[row.pk], first.get(row.generation.case_id)) for row in rows
    ]
