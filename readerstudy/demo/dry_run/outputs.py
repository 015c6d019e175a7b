"""The outputs of a dry run: models are called at a simulated vendor in this process, all other texts are samples."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from itertools import product

from django.conf import settings

from readerstudy.cases.models import Case
from readerstudy.demo.freezing import confirm_and_freeze
from readerstudy.generation.actions import import_outputs, queue_generations
from readerstudy.generation.models import Generation, Stage
from readerstudy.generation.running.calls import work_on
from readerstudy.providers.connections import simulated_offers
from readerstudy.providers.recordings import Recording
from readerstudy.providers.simulated import start
from readerstudy.reading.samples import sample_text
from readerstudy.studies.models import Arm, ArmKind, Design, Study
from readerstudy.studies.policies import StudyError

LEASE_SECONDS = 600
APPROVAL = "A dry run: simulated texts, approved as they are."


@contextmanager
def simulated_vendor(seed: int) -> Iterator[None]:
    """Every connection of the simulated vendor can be called while this lasts; real ones cannot."""
    before = settings.CONNECTIONS
    with start(seed=seed) as vendor:
        settings.CONNECTIONS = {offer.connection.name: offer for offer in simulated_offers(vendor.url)}
        try:
            yield
        finally:
            settings.CONNECTIONS = before


def make_outputs(study: Study, seed: int) -> None:
    """Every output that the study wants, confirmed, approved and frozen."""
    Arm.objects.with_outputs(study).update(is_simulated=True)
    recorded = Arm.objects.with_outputs(study).exclude(kind=ArmKind.MODEL)
    layout = Design.objects.of(study).section("display").get("layout", "single")
    for arm in recorded:
        import_outputs(arm=arm, recordings=list(_recordings(arm, layout, seed)), by=study.created_by)
    if Arm.objects.with_outputs(study).filter(kind=ArmKind.MODEL).exists():
        queue_generations(study=study, by=study.created_by)
    _work(study)
    if Arm.objects.with_outputs(study).exists():
        confirm_and_freeze(study, reason=APPROVAL)


def _recordings(arm: Arm, layout: str, seed: int) -> Iterator[Recording]:
    codes = Case.objects.read(arm.study).values_list("code", flat=True)
    wanted = product(codes, range(1, arm.replicates + 1))
    for line, (code, replicate) in enumerate(wanted, start=1):
        text = sample_text(layout, seed, arm.position, code, replicate)
        yield Recording(case=code, text=text, replicate=replicate, line=line)


def _work(study: Study) -> None:
    """What a worker does, in this process and for this study alone."""
    while (generation := Generation.objects.claim_of(study, seconds=LEASE_SECONDS)) is not None:
        work_on(generation)
    failed = Generation.objects.of(study).exclude(stage=Stage.DONE).order_by("pk").first()
    if failed is not None:
        raise StudyError(failed.failure or f"An output was not made: it is {failed.get_stage_display()}.")
