"""Freezes a study's outputs: after this PostgreSQL refuses every change to them."""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Iterable, Iterator

from django.db import transaction
from django.utils.translation import gettext as _

from readerstudy.accounts.models import User
from readerstudy.audit.record import record, study_stream
from readerstudy.generation.blinding.freezing import (
    Missing,
    Readiness,
    blocks,
    line_of,
    manifest_of,
    missing_line,
    readiness_of,
)
from readerstudy.generation.blinding.levelled import open_texts
from readerstudy.generation.models import (
    FrozenOutput,
    FrozenSet,
    Generation,
    Interpretation,
    RefusalVerdict,
    ShownText,
)
from readerstudy.generation.policies import GenerationError
from readerstudy.studies.actions import locked
from readerstudy.studies.models import Study
from readerstudy.studies.policies import check_protocol_open

ROWS_AT_ONCE = 500


@transaction.atomic
def freeze_outputs(*, study: Study, by: User, accepted: Collection[str] = (), reason: str = "") -> FrozenSet:
    """Freezes every output that is not frozen yet, and those accepted as missing, as the study's next set.

    `accepted` names missing outputs as `Missing.value` writes them, and needs a `reason`. Raises `GenerationError`
    with the first thing that stands in the way.
    """
    study = locked(study)
    check_protocol_open(study)
    list(Generation.objects.of(study).select_for_update(of=("self",)).values_list("pk", flat=True))
    readiness = readiness_of(study)
    given_up = _given_up(readiness, accepted, reason)
    _check_ready(study, readiness)
    number = study.frozen_sets.count() + 1
    rows = [*_made(study), *_never_made(given_up, reason)]
    earlier = FrozenOutput.objects.of(study).order_by("pk").values_list("line", flat=True)
    manifest = manifest_of(study, number, [*earlier, *(row.line for row in rows)])
    digest = hashlib.sha256(manifest.encode()).hexdigest()
    frozen = FrozenSet.objects.create(study=study, number=number, manifest=manifest, sha256=digest, by=by)
    for row in rows:
        row.frozen_set = frozen
    FrozenOutput.objects.bulk_create(rows, batch_size=ROWS_AT_ONCE)
    data = {"set": number, "outputs": len(rows), "missing": len(given_up), "sha256": digest}
    record("outputs.freeze", by=by, stream=study_stream(study.pk), subject=study.key, data=data)
    return frozen


def _given_up(readiness: Readiness, accepted: Collection[str], reason: str) -> list[Missing]:
    """What is missing and stays so. Everything missing has to be named, so that nothing is given up unseen."""
    unnamed = [each for each in readiness.failed if each.value not in accepted]
    if unnamed:
        place = {"arm": unnamed[0].arm.name, "case": unnamed[0].case.code}
        raise GenerationError(
            _("The output of “%(arm)s” for %(case)s is missing. Make it, or accept that it stays missing.")
            % place
        )
    if readiness.failed and not reason.strip():
        raise GenerationError(_("Write why the missing outputs stay missing; it stands in the manifest."))
    return readiness.failed


def _check_ready(study: Study, readiness: Readiness) -> None:
    if not readiness.open:
        raise GenerationError(_("There is nothing to freeze: every output is frozen already."))
    if stands := blocks(study, readiness):
        raise GenerationError(_("The outputs cannot be frozen yet: %(first)s.") % {"first": stands[0].text})


def _made(study: Study) -> Iterator[FrozenOutput]:
    rows = list(open_texts(study))
    shown, verdicts = _shown(rows), _verdicts(rows)
    for row in rows:
        generation = row.generation
        text, verdict = shown[row.pk], verdicts[row.pk]
        yield FrozenOutput(
            arm=generation.arm,
            case=generation.case,
            replicate=generation.replicate,
            interpretation=row,
            shown=text,
            verdict=verdict,
            line=line_of(row, text, verdict),
        )


def _never_made(missing: Iterable[Missing], reason: str) -> Iterator[FrozenOutput]:
    for each in missing:
        line = missing_line(each, reason.strip()[:400])
        yield FrozenOutput(arm=each.arm, case=each.case, replicate=each.replicate, line=line)


def _shown(rows: Collection[Interpretation]) -> dict[int, ShownText]:
    """The texts that were approved: an approval stored them, and it falls where a later one would differ."""
    found = ShownText.objects.filter(interpretation__in=[row.pk for row in rows]).newest().defer("text")
    return {text.interpretation_id: text for text in found}


def _verdicts(rows: Collection[Interpretation]) -> dict[int, RefusalVerdict]:
    found = RefusalVerdict.objects.filter(interpretation__in=[row.pk for row in rows]).standing()
    return {verdict.interpretation_id: verdict for verdict in found}
