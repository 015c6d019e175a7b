"""What calls cost: prices as people entered them, the budget of a study, and what of it is taken."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from django.conf import settings
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from readerstudy.statements import find
from readerstudy.studies.models import Study

MILLION = Decimal(1_000_000)
MONEY: dict[str, Any] = {"max_digits": 14, "decimal_places": 6}


_NEWEST = "WHERE study_id = %s AND connection = %s AND model = %s ORDER BY id DESC LIMIT 1"


class Stop(models.TextChoices):
    """Why no call of a study begins although rows wait."""

    NONE = "", _("nothing stops it")
    MONEY = "money", _("the budget in money is used up")
    TOKENS = "tokens", _("the budget in tokens is used up")
    PRICE = "price", _("a budget in money needs the price of every model, and one is not known")


class Prices(models.QuerySet["Price"]):
    def of(self, study: Study) -> Prices:
        """For each provider and model the price that counts: the newest."""
        newest = self.filter(study=study).order_by("connection", "model", "-pk")
        return newest.distinct("connection", "model")

    def newest(self, study: Study, connection: str, model: str) -> Price | None:
        return find(Price, _NEWEST, [study.pk, connection, model])


class Price(models.Model):
    """What a provider asks for a model, in money per million tokens. Append-only; the newest row counts."""

    study = models.ForeignKey(Study, on_delete=models.PROTECT, related_name="prices")
    connection = models.CharField(_("provider"), max_length=40)
    model = models.CharField(_("model"), max_length=120)
    currency = models.CharField(_("currency"), max_length=3)
    input_per_million = models.DecimalField(_("a million tokens sent"), **MONEY)
    output_per_million = models.DecimalField(_("a million tokens received"), **MONEY)
    batch_discount = models.PositiveSmallIntegerField(_("discount in a batch, percent"), default=50)
    since = models.DateField(_("valid since"))
    by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField(default=timezone.now)

    objects = Prices.as_manager()

    class Meta:
        verbose_name = _("price")
        verbose_name_plural = _("prices")
        constraints = [
            models.CheckConstraint(
                condition=models.Q(input_per_million__gte=0, output_per_million__gte=0),
                name="generation_a_price_is_not_negative",
            ),
            models.CheckConstraint(
                condition=models.Q(batch_discount__lte=100), name="generation_a_discount_is_a_share"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.model} at {self.connection}"

    def cost(self, input_tokens: int, output_tokens: int, *, in_batch: bool = False) -> Decimal:
        """Money for so many tokens, in this price's currency."""
        full = (self.input_per_million * input_tokens + self.output_per_million * output_tokens) / MILLION
        return full * (100 - self.batch_discount) / 100 if in_batch else full


class Budgets(models.QuerySet["Budget"]):
    def newest(self, study: Study) -> Budget | None:
        return self.filter(study=study).order_by("-pk").first()


class Budget(models.Model):
    """The most a study may spend. Append-only; the newest row counts, and an empty limit is none."""

    study = models.ForeignKey(Study, on_delete=models.PROTECT, related_name="budgets")
    money = models.DecimalField(_("money"), null=True, blank=True, **MONEY)
    currency = models.CharField(_("currency"), max_length=3, blank=True)
    tokens = models.PositiveBigIntegerField(_("tokens"), null=True, blank=True)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField(default=timezone.now)

    objects = Budgets.as_manager()

    class Meta:
        verbose_name = _("budget")
        verbose_name_plural = _("budgets")
        constraints = [
            models.CheckConstraint(
                condition=models.Q(money=None) | (models.Q(money__gte=0) & ~models.Q(currency="")),
                name="generation_a_budget_names_its_currency",
            )
        ]

    def __str__(self) -> str:
        return f"budget of {self.study}"


class Purse(models.Model):
    """What a study has taken of its budget: calls that are over at what they cost, others at the most they may cost.

    Its row is the lock under which calls reserve; `stop` says why the last one that wanted to could not. The limits
    are those of the newest budget. Money is in its currency and counts only calls whose price is in it.
    """

    study = models.OneToOneField(Study, on_delete=models.PROTECT, related_name="purse")
    money = models.DecimalField(default=Decimal(0), **MONEY)
    tokens = models.BigIntegerField(default=0)
    money_limit = models.DecimalField(null=True, **MONEY)
    currency = models.CharField(max_length=3, blank=True)
    tokens_limit = models.PositiveBigIntegerField(null=True)
    stop = models.CharField(max_length=6, choices=Stop.choices, blank=True)

    class Meta:
        verbose_name = _("purse")
        verbose_name_plural = _("purses")

    def __str__(self) -> str:
        return f"purse of {self.study}"

    def counts(self, price: Price | None) -> bool:
        """Whether money at this price counts against the limit."""
        return price is not None and price.currency == self.currency

    def what_stops(self, price: Price | None, tokens: int, cost: Decimal | None) -> Stop:
        """Why a call that may take so many tokens and so much money must not begin."""
        if self.tokens_limit is not None and self.tokens + tokens > self.tokens_limit:
            return Stop.TOKENS
        if self.money_limit is None:
            return Stop.NONE
        if cost is None or not self.counts(price):
            return Stop.PRICE
        return Stop.MONEY if self.money + cost > self.money_limit else Stop.NONE
