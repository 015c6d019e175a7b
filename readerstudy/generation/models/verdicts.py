"""What kind of response an output is, by rule and by people."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from readerstudy.generation.models.outputs import Interpretation
from readerstudy.generation.models.queue import Generation
from readerstudy.studies.models import Study


class Verdict(models.TextChoices):
    """What kind of response it was; the ten labels of `providers/refusals`."""

    ANSWER = "answer", _("answer")
    HEDGED_ANSWER = "hedged_answer", _("hedged answer")
    PARTIAL_REFUSAL = "partial_refusal", _("partial refusal")
    FULL_REFUSAL = "full_refusal", _("refusal")
    DEFERRAL = "deferral", _("deferral")
    SAFETY_BLOCK = "safety_block", _("blocked by the vendor")
    TRUNCATED = "truncated", _("cut off")
    EMPTY = "empty", _("empty")
    OFF_TASK = "off_task", _("off task")
    ERROR = "error", _("error")


DECLINED = frozenset({Verdict.FULL_REFUSAL, Verdict.DEFERRAL, Verdict.SAFETY_BLOCK})


class Verdicts(models.QuerySet["RefusalVerdict"]):
    def of(self, study: Study) -> Verdicts:
        rows = Generation.objects.of(study).values("interpretation")
        return self.filter(interpretation__in=rows)

    def standing(self) -> Verdicts:
        """For each interpretation the verdict that counts: a person's newest, else the automatic one."""
        automatic = models.ExpressionWrapper(models.Q(by=None), output_field=models.BooleanField())
        return self.order_by("interpretation", automatic, "-pk").distinct("interpretation")


class RefusalVerdict(models.Model):
    """A verdict on one interpretation, by rule or by a person. Append-only; a person's wins."""

    interpretation = models.ForeignKey(Interpretation, on_delete=models.PROTECT, related_name="verdicts")
    verdict = models.CharField(max_length=16, choices=Verdict.choices)
    declined = models.BooleanField()
    signal = models.CharField(max_length=80)
    evidence = models.CharField(max_length=400, blank=True)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+")
    created_at = models.DateTimeField(default=timezone.now)

    objects = Verdicts.as_manager()

    class Meta:
        verbose_name = _("refusal verdict")
        verbose_name_plural = _("refusal verdicts")
        constraints = [
            models.CheckConstraint(
                condition=models.Q(verdict__in=Verdict.values), name="generation_known_verdict"
            ),
            models.CheckConstraint(
                condition=models.Q(declined=True, verdict__in=sorted(DECLINED))
                | (models.Q(declined=False) & ~models.Q(verdict__in=sorted(DECLINED))),
                name="generation_declined_follows_from_the_verdict",
            ),
            models.UniqueConstraint(
                fields=["interpretation"],
                condition=models.Q(by=None),
                name="generation_one_automatic_verdict",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.verdict} ({self.signal})"
