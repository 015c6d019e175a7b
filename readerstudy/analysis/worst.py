"""What a refusal is scored as where the protocol says “the worst”: the bad end of the declared scale. Pure."""

from __future__ import annotations

from readerstudy.studies.models import Criterion, Direction, Kind


def worst_of(criterion: Criterion) -> float | None:
    """The score at the bad end of a question's scale; None where it has none.

    Choices and free text have no order, a scale without a direction no bad end, and a number without the limit on that
    side no end at all. There a refusal stays without a value; where a cut is declared it counts as not acceptable.
    """
    if not criterion.is_scored or criterion.direction == Direction.NONE:
        return None
    low, high = _ends(criterion)
    return high if criterion.direction == Direction.LOWER else low


def _ends(criterion: Criterion) -> tuple[float | None, float | None]:
    if criterion.kind == Kind.NUMBER:
        return criterion.minimum, criterion.maximum
    scores = [float(option["value"]) for option in criterion.options]
    return (min(scores), max(scores)) if scores else (None, None)
