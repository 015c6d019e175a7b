"""Budgets, prices, and what each call takes of them: the most it may cost before, what it cost after."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.db import models, transaction
from django.db.models.functions import Coalesce, Greatest
from django.utils.translation import gettext as _

from readerstudy.accounts.models import User
from readerstudy.audit.record import record, study_stream
from readerstudy.generation.actions.queue import ring_on_commit
from readerstudy.generation.models import Attempt, Budget, Generation, Price, Purse, Source, Stop
from readerstudy.generation.models.money import MILLION
from readerstudy.generation.policies import GenerationError
from readerstudy.generation.running import storable
from readerstudy.generation.running.sizes import Size
from readerstudy.providers import Reply
from readerstudy.studies.actions import locked
from readerstudy.studies.models import Study
from readerstudy.studies.policies import check_protocol_open

THINKING_APART = ("gemini", "gemini-legacy", "gemini_legacy")
"""Adapters whose vendor counts reasoning beside the output and not within it."""


@dataclass(frozen=True, slots=True)
class Reservation:
    """What was taken for one call: its price, None where it is not known, and the most it may take."""

    price: Price | None
    tokens: int
    cost: Decimal | None


@transaction.atomic
def set_budget(*, study: Study, money: Decimal | None, currency: str, tokens: int | None, by: User) -> Budget:
    """The most the study may spend from now on; None is no limit. Calls that waited for it go on."""
    study = locked(study)
    check_protocol_open(study)
    if money is not None and not currency:
        raise GenerationError(_("Say in which currency the budget is."))
    purse = _locked_purse(study)
    budget = Budget.objects.create(study=study, money=money, currency=currency, tokens=tokens, by=by)
    purse.money_limit, purse.currency, purse.tokens_limit = money, currency, tokens
    _recount(purse)
    data = {"money": None if money is None else str(money), "currency": currency, "tokens": tokens}
    record("budget.set", by=by, stream=study_stream(study.pk), subject=study.key, data=data)
    ring_on_commit()
    return budget


@transaction.atomic
def set_price(*, study: Study, fields: Mapping[str, Any], by: User) -> Price:
    """Adds a price; it counts from now on, and for earlier calls of this model whose price was not known."""
    study = locked(study)
    check_protocol_open(study)
    purse = _locked_purse(study)
    price = Price.objects.create(study=study, by=by, **fields)
    _price_earlier_calls(price)
    _recount(purse)
    told = {name: str(value) for name, value in fields.items()}
    record("price.set", by=by, stream=study_stream(study.pk), subject=price.model, data=told)
    ring_on_commit()
    return price


def reserve(*, source: Source, size: Size, in_batch: bool = False) -> Reservation | None:
    """Takes the most a call may cost out of the study's budget; None where that does not fit, and nothing more begins.

    Call it inside the transaction that writes the attempt.
    """
    purse = _locked_purse(source.study)
    price = Price.objects.newest(source.study, source.connection, source.model)
    cost = price.cost(size.input_tokens, size.output_tokens, in_batch=in_batch) if price else None
    stop = purse.what_stops(price, size.tokens, cost)
    if stop is Stop.NONE:
        purse.tokens += size.tokens
        purse.money += cost if cost is not None and purse.counts(price) else 0
    purse.stop = stop
    purse.save(update_fields=["tokens", "money", "stop"])
    return Reservation(price, size.tokens, cost) if stop is Stop.NONE else None


def settle(*, attempt: Attempt, tokens: Size) -> dict[str, Any]:
    """Puts what a call took in the place of what was reserved for it; what is set free may let others begin.

    Returns the fields to write with the attempt. Call it before, so that purse and attempt are always locked in this
    order.
    """
    purse = _locked_purse(attempt.generation.source.study)
    before = Attempt.objects.select_related("price").get(pk=attempt.pk)
    in_batch = before.batch_id is not None
    price = before.price
    cost = price.cost(tokens.input_tokens, tokens.output_tokens, in_batch=in_batch) if price else None
    purse.tokens += tokens.tokens - before.counted_tokens
    if cost is not None and before.cost is not None and purse.counts(price):
        purse.money += cost - before.cost
    purse.stop = "" if purse.stop in (Stop.MONEY, Stop.TOKENS) else purse.stop
    purse.save(update_fields=["tokens", "money", "stop"])
    return {"counted_tokens": tokens.tokens, "cost": cost}


def taken_by(reply: Reply, adapter: str) -> Size | None:
    """What the vendor says a call took; None where it does not say, or says what cannot be."""
    sent, written = storable.count(reply.input_tokens), storable.count(reply.output_tokens)
    if sent is None and written is None:
        return None
    thought = storable.count(reply.reasoning_tokens) if adapter in THINKING_APART else 0
    return Size(sent or 0, (written or 0) + (thought or 0))


def _locked_purse(study: Study) -> Purse:
    found = Purse.objects.select_for_update(no_key=True).filter(study=study).first()
    if found is None:
        Purse.objects.bulk_create([Purse(study=study)], ignore_conflicts=True)
        found = Purse.objects.select_for_update(no_key=True).get(study=study)
    return found


def _price_earlier_calls(price: Price) -> None:
    """Calls without counts of their own may have been paid for in full: at the dearer of the two rates."""
    share = models.Value((100 - price.batch_discount) / Decimal(100))
    discount = models.Case(models.When(mode="batch", then=share), default=models.Value(Decimal(1)))
    said = models.F("input_tokens") * price.input_per_million
    received = models.F("counted_tokens") - models.F("input_tokens")
    exact = said + Greatest(received, 0) * price.output_per_million
    most = models.F("counted_tokens") * max(price.input_per_million, price.output_per_million)
    cost = Coalesce(exact, most, output_field=models.DecimalField()) * discount / MILLION
    rows = Generation.objects.asking(price.connection).values("pk")
    unpriced = Attempt.objects.of(price.study).filter(
        generation__in=rows, asked_model=price.model, price=None, counted_tokens__gt=0
    )
    unpriced.update(price=price, cost=models.ExpressionWrapper(cost, output_field=models.DecimalField()))


def _recount(purse: Purse) -> None:
    rows = Attempt.objects.of(purse.study)
    in_currency = models.Q(price__currency=purse.currency)
    found = rows.aggregate(
        tokens=models.Sum("counted_tokens", default=0),
        money=models.Sum("cost", filter=in_currency, default=Decimal(0)),
    )
    purse.tokens, purse.money, purse.stop = found["tokens"], found["money"], ""
    purse.save()
