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
from readerstudy.statements import fetch, insert_where, run
from readerstudy.studies.actions import locked
from readerstudy.studies.models import Study
from readerstudy.studies.policies import check_protocol_open

THINKING_APART = ("gemini", "gemini-legacy", "gemini_legacy")
"""Adapters whose vendor counts reasoning beside the output and not within it."""


_GAINS = """
tokens = tokens + %(tokens)s,
    money = money + CASE WHEN currency = %(currency)s THEN %(cost)s::numeric ELSE 0 END
"""
_FITS = f"""
UPDATE generation_purse SET stop = '', {_GAINS}
WHERE study_id = %(study)s AND (tokens_limit IS NULL OR tokens_limit >= tokens + %(tokens)s)
    AND (money_limit IS NULL OR (currency = %(currency)s AND money_limit >= money + %(cost)s::numeric))
"""  # noqa: S608  our own words
_RESERVE = f"{_FITS} RETURNING id"
_RESERVE_AT_PRICE = f"""{_FITS} AND NOT EXISTS (
    SELECT FROM generation_price newer WHERE newer.study_id = %(study)s AND newer.connection = %(connection)s
        AND newer.model = %(model)s AND newer.id > %(price)s
) RETURNING id
"""
_SETTLE = f"""
UPDATE generation_purse SET stop = CASE WHEN stop IN ('money', 'tokens') THEN '' ELSE stop END, {_GAINS}
WHERE study_id = %(study)s RETURNING id
"""  # noqa: S608
_BEFORE = """
SELECT price_id, counted_tokens, cost, batch_id FROM generation_attempt WHERE id = %(attempt)s FOR NO KEY UPDATE
"""


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


def wanted(*, source: Source, size: Size, in_batch: bool = False) -> Reservation:
    """The most a call may cost at the newest price."""
    price = Price.objects.newest(source.study, source.connection, source.model)
    cost = price.cost(size.input_tokens, size.output_tokens, in_batch=in_batch) if price else None
    return Reservation(price, size.tokens, cost)


def reserve(attempt: Attempt) -> bool:
    """Takes the most a call may cost out of the study's budget; False where that does not fit, and nothing more begins.

    Call it inside the transaction that writes the attempt.
    """
    study, taken = attempt.generation.source.study, _reserved(attempt)
    return run(_RESERVE, _added(study, taken)) is not None or _reserve_slowly(study, taken)


def insert_reserved(attempt: Attempt) -> bool:
    """Reserves and writes the attempt in one statement, which is all that happens while its call holds a place.

    False, and nothing is written, where the budget does not allow it, the study has no purse yet, or the price is no
    longer the newest.
    """
    source = attempt.generation.source
    newest = {"connection": source.connection, "model": source.model, "price": attempt.price_id or 0}
    return insert_where(attempt, _RESERVE_AT_PRICE, {**_added(source.study, _reserved(attempt)), **newest})


def _reserved(attempt: Attempt) -> Reservation:
    return Reservation(attempt.price, attempt.counted_tokens, attempt.cost)


def _added(study: Study, taken: Reservation) -> dict[str, Any]:
    """What a purse gains; money only counts in the purse's currency."""
    is_priced = taken.price is not None and taken.cost is not None
    currency = taken.price.currency if taken.price is not None and is_priced else None
    return {"study": study.pk, "tokens": taken.tokens, "currency": currency, "cost": taken.cost}


def _reserve_slowly(study: Study, taken: Reservation) -> bool:
    """Makes the study's first purse, or says in it why the call cannot begin."""
    purse = _locked_purse(study)
    purse.stop = purse.what_stops(taken.price, taken.tokens, taken.cost)
    if purse.stop == Stop.NONE:
        return run(_RESERVE, _added(study, taken)) is not None
    purse.save(update_fields=["stop"])
    return False


@dataclass(frozen=True, slots=True)
class Charge:
    """What a call took instead of what was reserved for it: its fields in the attempt, and what its purse gains."""

    study: Study
    tokens: int
    fields: Mapping[str, Any]
    more: Reservation


def charge(*, attempt: Attempt, tokens: Size) -> Charge:
    """Puts what a call took in the place of what was reserved for it. Write its `fields` with the attempt.

    Attempts are always locked before their purse. The purse is the lock that all calls of a study share, so it comes
    last, with `settle`.
    """
    before = run(_BEFORE, {"attempt": attempt.pk})
    if before is None:
        raise Attempt.DoesNotExist
    number, reserved, expected, batch = before
    price = _price_of(attempt, number)
    in_batch = batch is not None
    cost = price.cost(tokens.input_tokens, tokens.output_tokens, in_batch=in_batch) if price else None
    more = None if cost is None or expected is None else cost - expected
    return Charge(
        study=attempt.generation.source.study,
        tokens=tokens.tokens,
        fields={"counted_tokens": tokens.tokens, "cost": cost},
        more=Reservation(price, tokens.tokens - reserved, more),
    )


def _price_of(attempt: Attempt, number: int | None) -> Price | None:
    """The price of a call, which may have been entered while it was out."""
    if number is None or attempt.price_id == number:
        return attempt.price if number else None
    return fetch(Price, number)


def settle(charged: Charge) -> None:
    """Enters a charge into the purse; what is set free may let others begin. As late in a transaction as can be."""
    run(_SETTLE, _added(charged.study, charged.more))


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
