"""Which outputs people confirm, and what they see beside them."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

from readerstudy.studies.models import Study

USUAL_SHARE, USUAL_FEWEST = 10, 20


class Telling(models.TextChoices):
    """How much of the automatic verdict stands beside an output. Whoever sees it tends to agree with it."""

    NOTHING = "nothing", _("Nothing: the text alone")
    SPAN = "span", _("The words it rests on, marked in the text")
    VERDICT = "verdict", _("The words and the verdict")


class Sampling(models.Model):
    """A study's choice for the confirmation of verdicts; where there is no row, the defaults hold."""

    study = models.OneToOneField(Study, on_delete=models.PROTECT, related_name="sampling")
    share = models.PositiveSmallIntegerField(
        _("share of the outputs that were not flagged, in percent"), default=USUAL_SHARE
    )
    fewest = models.PositiveIntegerField(_("but at least this many"), default=USUAL_FEWEST)
    people = models.PositiveSmallIntegerField(
        _("people who judge each output"),
        default=1,
        help_text=_("With two, each without seeing the other’s verdict, their agreement is reported too."),
    )
    telling = models.CharField(
        _("beside the text"), max_length=8, choices=Telling.choices, default=Telling.SPAN
    )

    class Meta:
        verbose_name = _("confirmation of verdicts")
        verbose_name_plural = _("confirmations of verdicts")
        constraints = [
            models.CheckConstraint(condition=models.Q(share__lte=100), name="generation_share_in_percent"),
            models.CheckConstraint(
                condition=models.Q(people__gte=1, people__lte=2), name="generation_one_or_two_people"
            ),
            models.CheckConstraint(
                condition=models.Q(telling__in=Telling.values), name="generation_known_telling"
            ),
        ]

    def __str__(self) -> str:
        return f"confirmation of verdicts in {self.study}"
