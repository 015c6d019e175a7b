"""What outputs have cost and what the others will cost: per arm, in tokens and in money where prices are known."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.db.models import Avg, Count, F, Q, Sum

from readerstudy.cases.models import Case, Rendition, RenditionKind
from readerstudy.generation.models import Attempt, Generation, Price, Stage
from readerstudy.generation.running.sizes import TYPICAL_OUTPUT, Size, image_tokens, text_tokens
from readerstudy.studies.models import Arm, ArmKind, CallMode, InputCondition, Study


@dataclass(frozen=True, slots=True)
class Spending:
    """What the calls of one arm, or of all trials of prompts (`arm` is None), took.

    `money` holds (currency, what used and unused replies cost, the most that calls may have cost whose reply is not
    used). `unpriced` counts calls that took tokens and whose price is not known.
    """

    arm: Arm | None
    calls: int
    input_tokens: int
    output_tokens: int
    possibly_paid: int
    unpriced: int
    in_batch: int
    money: tuple[tuple[str, Decimal, Decimal], ...]


@dataclass(frozen=True, slots=True)
class Forecast:
    """What the outputs of one arm that are not made yet will take. `made` is how many outputs the guess rests on.

    Where none is made it rests on characters and image sizes. `cost` is None where no price is known.
    """

    arm: Arm
    missing: int
    made: int
    size: Size
    price: Price | None
    cost: Decimal | None


def spending_of(study: Study) -> list[Spending]:
    """Per arm in their order, and last the trials of prompts, where there are any; in two queries."""
    rows: dict[int | None, list[dict[str, Any]]] = {}
    for row in _sums(Attempt.objects.of(study)):
        rows.setdefault(row["generation__arm"], []).append(row)
    arms: list[Arm | None] = [*Arm.objects.filter(study=study, kind=ArmKind.MODEL), None]
    return [_spending(arm, rows[pk]) for arm in arms if (pk := arm.pk if arm else None) in rows]


def totals(spendings: Iterable[Spending]) -> list[tuple[str, Decimal, Decimal]]:
    """Money of all arms by currency: what replies cost, and the most that other calls may have cost."""
    found: dict[str, tuple[Decimal, Decimal]] = {}
    for spending in spendings:
        for currency, cost, doubtful in spending.money:
            before = found.get(currency, (Decimal(0), Decimal(0)))
            found[currency] = (before[0] + cost, before[1] + doubtful)
    return [(currency, *both) for currency, both in sorted(found.items())]


def forecasts_of(study: Study) -> list[Forecast]:
    """For each model arm of which outputs are missing."""
    cases = Case.objects.read(study).filter(images__isnull=False).distinct().count()
    done, means = _done(study), _means(study)
    prices = {(price.connection, price.model): price for price in Price.objects.of(study)}
    found = []
    for arm in Arm.objects.filter(study=study, kind=ArmKind.MODEL).select_related("prompt"):
        missing = cases * arm.replicates - done.get(arm.pk, 0)
        if missing > 0:
            price = prices.get((arm.connection, arm.model))
            found.append(_forecast(study, arm, missing, means.get(arm.pk), price))
    return found


def expected(forecasts: Iterable[Forecast]) -> tuple[list[tuple[str, Decimal]], int]:
    """Money by currency, and how many arms are not in it because their price is not known."""
    found: dict[str, Decimal] = {}
    unknown = 0
    for forecast in forecasts:
        if forecast.cost is None or forecast.price is None:
            unknown += 1
            continue
        found[forecast.price.currency] = found.get(forecast.price.currency, Decimal(0)) + forecast.cost
    return sorted(found.items()), unknown


def _sums(attempts: Any) -> Iterable[dict[str, Any]]:
    used = Q(is_possibly_paid=False)
    rows: Iterable[dict[str, Any]] = (
        attempts.values("generation__arm", "price__currency")
        .annotate(
            calls=Count("pk"),
            input_tokens=Sum("input_tokens", default=0),
            output_tokens=Sum("output_tokens", default=0),
            possibly_paid=Count("pk", filter=~used),
            unpriced=Count("pk", filter=Q(cost=None, counted_tokens__gt=0)),
            in_batch=Count("pk", filter=Q(batch__isnull=False)),
            paid=Sum("cost", filter=used, default=Decimal(0)),
            doubtful=Sum("cost", filter=~used, default=Decimal(0)),
        )
        .order_by("generation__arm", "price__currency")
    )
    return rows


def _spending(arm: Arm | None, rows: list[dict[str, Any]]) -> Spending:
    names = ("calls", "input_tokens", "output_tokens", "possibly_paid", "unpriced", "in_batch")
    counts = {name: sum(row[name] for row in rows) for name in names}
    money = tuple(
        (row["price__currency"], row["paid"], row["doubtful"]) for row in rows if row["price__currency"]
    )
    return Spending(arm=arm, money=money, **counts)


def _done(study: Study) -> dict[int, int]:
    rows = Generation.objects.of(study).filter(stage=Stage.DONE).values_list("arm")
    return dict(rows.annotate(n=Count("pk")).order_by("arm"))


def _means(study: Study) -> dict[int, dict[str, Any]]:
    """How many tokens an output took on average, by arm; only of calls that the vendor counted."""
    counted = Attempt.objects.filter(
        interpretation__generation__in=Generation.objects.of(study), input_tokens__isnull=False
    )
    rows = counted.values("generation__arm").annotate(
        made=Count("pk"), sent=Avg("input_tokens"), received=Avg(F("counted_tokens") - F("input_tokens"))
    )
    return {row["generation__arm"]: dict(row) for row in rows.order_by("generation__arm")}


def _forecast(
    study: Study, arm: Arm, missing: int, mean: dict[str, Any] | None, price: Price | None
) -> Forecast:
    if mean:
        one = (float(mean["sent"]), max(float(mean["received"]), 0.0))
    else:
        one = _guess(study, arm)
    size = Size(round(one[0] * missing), round(one[1] * missing))
    in_batch = arm.mode == CallMode.BATCH
    cost = price.cost(size.input_tokens, size.output_tokens, in_batch=in_batch) if price else None
    return Forecast(arm, missing, mean["made"] if mean else 0, size, price, cost)


def _guess(study: Study, arm: Arm) -> tuple[float, float]:
    """Tokens sent and received for one output, by characters and pixels."""
    condition = InputCondition(arm.input_condition)
    cases = list(Case.objects.read(study).filter(images__isnull=False).distinct())
    texts = text_tokens(*(case.clinical_text for case in cases)) if condition.has_text else 0
    images = _image_tokens(study) if condition.has_images else 0
    document = arm.prompt.document if arm.prompt else {}
    told = text_tokens(json.dumps(document, ensure_ascii=False))
    limit = arm.parameters.get("max_output_tokens")
    received = min(limit, TYPICAL_OUTPUT) if isinstance(limit, int) else TYPICAL_OUTPUT
    examples = len(document.get("examples", ())) + 1
    return told + (texts + images * examples) / max(len(cases), 1), float(received)


def _image_tokens(study: Study) -> int:
    """Of all images of the study's cases, in the form in which models get them."""
    sent = Rendition.objects.filter(
        image__case__in=Case.objects.read(study).values("pk"),
        kind=RenditionKind.DISPLAY,
        version=F("image__version"),
    )
    sizes = sent.order_by("image", "frame").distinct("image").values_list("width", "height")
    return sum(image_tokens(width, height) for width, height in sizes)
