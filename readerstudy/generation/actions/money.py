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
    price = Price.objects.create(study=study, by=by, **fields)
    _price_earlier_calls(price, _unpriced(price))
    purse = _locked_purse(study)
    _price_earlier_calls(price, _begun_meanwhile(price))
    _recount(purse)
    told = {name: str(value) for name, value in fields.items()}
    record("price.set", by=by, stream=study_stream(study.pk), subject=price.model, data=told)
    ring_on_commit()
    return price


def reserve(*, source: Source, size: Size, in_batch: bool = False) -> Reservation | None:
    """Takes the most a call may cost out of the study's budget; None where that does not fit, and nothing more begins.

    Call it inside the transaction that writes the attempt.
    """
    price = Price.objects.newest(source.study, source.connection, source.model)
    cost = price.cost(size.input_tokens, size.output_tokens, in_batch=in_batch) if price else None
    if _fitting(source.study, price, size.tokens, cost).update(stop="", **_added(price, size.tokens, cost)):
        return Reservation(price, size.tokens, cost)
    return _reserve_slowly(source.study, Reservation(price, size.tokens, cost))


def _fitting(study: Study, price: Price | None, tokens: int, cost: Decimal | None) -> models.QuerySet[Purse]:
    """The study's purse if a call that may take so much fits into it."""
    fits = models.Q(tokens_limit=None) | models.Q(tokens_limit__gte=models.F("tokens") + tokens)
    affordable = models.Q(money_limit=None)
    if price is not None and cost is not None:
        affordable |= models.Q(currency=price.currency, money_limit__gte=models.F("money") + cost)
    return Purse.objects.filter(fits, affordable, study=study)


def _added(price: Price | None, tokens: int, cost: Decimal | None) -> dict[str, Any]:
    """The columns of a purse after a call took so much more; money only counts in the purse's currency."""
    counted = {"tokens": models.F("tokens") + tokens}
    if price is None or cost is None:
        return counted
    same = models.When(currency=price.currency, then=models.F("money") + cost)
    return {**counted, "money": models.Case(same, default=models.F("money"))}


def _reserve_slowly(study: Study, wanted: Reservation) -> Reservation | None:
    """Makes the study's first purse, or says in it why the call cannot begin."""
    purse = _locked_purse(study)
    purse.stop = purse.what_stops(wanted.price, wanted.tokens, wanted.cost)
    if purse.stop == Stop.NONE:
        Purse.objects.filter(pk=purse.pk).update(stop="", **_added(wanted.price, wanted.tokens, wanted.cost))
        return wanted
    purse.save(update_fields=["stop"])
    return None


@dataclass(frozen=True, slots=True)
class Charge:
    """What a call took instead of what was reserved for it: its fields in the attempt, and what its purse gains."""

    study: Study
    price: Price | None
    tokens: int
    fields: Mapping[str, Any]
    more_tokens: int
    more_money: Decimal | None


def charge(*, attempt: Attempt, tokens: Size) -> Charge:
    """Puts what a call took in the place of what was reserved for it. Write its `fields` with the attempt.

    Attempts are always locked before their purse. The purse is the lock that all calls of a study share, so it comes
    last, with `settle`.
    """
    found = Attempt.objects.select_related("price").select_for_update(of=("self",), no_key=True)
    before = found.get(pk=attempt.pk)
    in_batch, price = before.batch_id is not None, before.price
    cost = price.cost(tokens.input_tokens, tokens.output_tokens, in_batch=in_batch) if price else None
    more = None if cost is None or before.cost is None else cost - before.cost
    fields = {"counted_tokens": tokens.tokens, "cost": cost}
    return Charge(
        study=attempt.generation.source.study,
        price=price,
        tokens=tokens.tokens,
        fields=fields,
        more_tokens=tokens.tokens - before.counted_tokens,
        more_money=more,
    )


def settle(charged: Charge) -> None:
    """Enters a charge into the purse; what is set free may let others begin. As late in a transaction as can be."""
    freed = models.When(stop__in=(Stop.MONEY, Stop.TOKENS), then=models.Value(""))
    Purse.objects.filter(study=charged.study).update(
        stop=models.Case(freed, default=models.F("stop")),
        **_added(charged.price, charged.more_tokens, charged.more_money),
    )


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


def _unpriced(price: Price) -> models.QuerySet[Attempt]:
    rows = Generation.objects.asking(price.connection).values("pk")
    return Attempt.objects.of(price.study).filter(
        generation__in=rows, asked_model=price.model, price=None, counted_tokens__gt=0
    )


def _begun_meanwhile(price: Price) -> models.QuerySet[Attempt]:
    """Calls that began while the price was entered. One that ends at this moment waits for us; we do not for it."""
    begun = _unpriced(price).select_for_update(skip_locked=True, of=("self",))
    return Attempt.objects.filter(pk__in=[attempt.pk for attempt in begun])


def _price_earlier_calls(price: Price, unpriced: models.QuerySet[Attempt]) -> None:
    """Calls without counts of their own may have been paid for in full: at the dearer of the two rates."""
    share = models.Value((100 - price.batch_discount) / Decimal(100))
    discount = models.Case(models.When(mode="batch", then=share), default=models.Value(Decimal(1)))
    said = models.F("input_tokens") * price.input_per_million
    received = models.F("counted_tokens") - models.F("input_tokens")
    exact = said + Greatest(received, 0) * price.output_per_million
    most = models.F("counted_tokens") * max(price.input_per_million, price.output_per_million)
    cost = Coalesce(exact, most, output_field=models.DecimalField()) * discount / MILLION
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
