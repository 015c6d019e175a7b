"""Simulated readers: they go through the same actions as people, and are labelled wherever their ratings appear.

A simulated reader knows whether the text's classification agrees with the reference, is more or less severe than the
others, and is not always consistent; all of it is drawn from a seed.
"""

from __future__ import annotations

import random
import uuid

from readerstudy.accounts.models import User
from readerstudy.designs.shuffling import digest
from readerstudy.generation.models import DECLINED, RefusalVerdict
from readerstudy.reading import actions
from readerstudy.reading.models import AllocatedOutput, Allocation
from readerstudy.reading.scales import check_answer
from readerstudy.studies.models import Criterion, Direction, Kind, Membership, Study
from readerstudy.studies.policies import StudyError

CANNOT_JUDGE_SHARE = 0.02


def simulate_reader(*, seat: Membership, seed: int) -> int:
    """Reads everything that is still open for this simulated reader; returns the number of readings submitted."""
    user: User = seat.user
    if not user.is_simulated:
        raise StudyError(f"{seat.pseudonym} is a person. Only simulated readers can be simulated.")
    severity = _draw(seed, seat.seat or 0, "severity").gauss(0, 0.35)
    criteria = list(Criterion.objects.of(seat.study))
    declined = _declined(seat.study)
    unread = Allocation.objects.of(seat).unread().select_related("case__reference")
    for allocation in unread:
        actions.show_reading(seat=seat, allocation=allocation)
        for output in allocation.outputs.select_related("allocation", "interpretation"):
            merit = _merit(output, allocation, output.interpretation_id in declined)
            for criterion in criteria:
                _rate(seat, output, criterion, merit - severity, seed)
        actions.submit_reading(seat=seat, allocation=allocation, criteria=criteria, by=user)
    return len(unread)


def _merit(output: AllocatedOutput, allocation: Allocation, declined: bool) -> float:
    """How good the text is, on a scale where 0 is poor and 1 is good."""
    if declined:
        return -0.4
    reference = getattr(allocation.case, "reference", None)
    if reference is None:
        return 0.55
    return 0.9 if f"classification: {reference.label}" in output.interpretation.text.lower() else 0.1


def _rate(seat: Membership, output: AllocatedOutput, criterion: Criterion, merit: float, seed: int) -> None:
    draw = _draw(seed, seat.seat or 0, output.allocation.position, output.letter, criterion.key)
    cannot_judge = criterion.allows_cannot_judge and draw.random() < CANNOT_JUDGE_SHARE
    raw = "" if cannot_judge else _value(criterion, merit + draw.gauss(0, 0.22), draw)
    if not raw and not cannot_judge:
        return
    token = uuid.UUID(digest(seed, seat.study_id, seat.pk, output.pk, criterion.pk)[:32])
    answer = check_answer(criterion, raw, cannot_judge=cannot_judge)
    actions.rate(seat=seat, output=output, criterion=criterion, answer=answer, token=token, by=seat.user)


def _value(criterion: Criterion, merit: float, draw: random.Random) -> str:
    kind = Kind(criterion.kind)
    if kind.has_options and criterion.values:
        better_first = criterion.direction == Direction.LOWER or kind == Kind.YES_NO
        values = list(reversed(criterion.values)) if better_first else criterion.values
        place = round(merit * (len(values) - 1))
        return values[max(0, min(len(values) - 1, place))]
    if kind == Kind.NUMBER:
        low, high = criterion.minimum or 0.0, 10.0 if criterion.maximum is None else criterion.maximum
        return f"{low + max(0.0, min(1.0, merit)) * (high - low):.1f}"
    return "" if not criterion.is_required else draw.choice(["No remark.", "See the image."])


def _declined(study: Study) -> set[int]:
    standing = RefusalVerdict.objects.filter(interpretation__generation__arm__study=study).standing()
    return {verdict.interpretation_id for verdict in standing if verdict.verdict in DECLINED}


def _draw(seed: int, *parts: int | str) -> random.Random:
    return random.Random(digest(seed, "simulated reader", *parts))  # noqa: S311  nothing secret is drawn
