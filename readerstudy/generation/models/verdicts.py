"""What kind of response an output is, by rule, by a judging model and by people."""

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


class Layer(models.TextChoices):
    """Who gave a verdict. A person's counts before a judging model's, and that before the rules'."""

    RULE = "rule", _("the vendor's signal or the rules")
    JUDGE = "judge", _("a judging model")
    PERSON = "person", _("a person")


DECLINED = frozenset({Verdict.FULL_REFUSAL, Verdict.DEFERRAL, Verdict.SAFETY_BLOCK})


class Verdicts(models.QuerySet["RefusalVerdict"]):
    def of(self, study: Study) -> Verdicts:
        rows = Generation.objects.of(study).values("interpretation")
        return self.filter(interpretation__in=rows)

    def standing(self) -> Verdicts:
        """For each interpretation the verdict that counts: a person's newest, else the automatic one."""
        automatic = models.ExpressionWrapper(models.Q(by=None), output_field=models.BooleanField())
        return self.order_by("interpretation", automatic, "-pk").distinct("interpretation")

    def by_rules(self) -> Verdicts:
        """The verdict with which each interpretation was stored."""
        return self.filter(layer=Layer.RULE)

    def automatic(self) -> Verdicts:
        """For each interpretation the verdict that no person gave: the judging model's, else the rules'."""
        return self.filter(by=None).order_by("interpretation", "-pk").distinct("interpretation")


class RefusalVerdict(models.Model):
    """A verdict on one interpretation, by rule, by a judging model or by a person. Append-only; a person's wins.

    `call` is the judging model's call; `layer` follows from `by` and `call`. `is_sure` is false where the rules had to
    choose between two readings: only such verdicts are shown to a judging model.
    """

    interpretation = models.ForeignKey(Interpretation, on_delete=models.PROTECT, related_name="verdicts")
    verdict = models.CharField(max_length=16, choices=Verdict.choices)
    declined = models.BooleanField()
    signal = models.CharField(max_length=80)
    evidence = models.CharField(max_length=400, blank=True)
    is_sure = models.BooleanField(default=True)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+")
    call = models.OneToOneField(
        "generation.JudgeCall", on_delete=models.PROTECT, null=True, related_name="verdict"
    )
    layer = models.GeneratedField(
        expression=models.Case(
            models.When(by__isnull=False, then=models.Value("person")),
            models.When(call__isnull=False, then=models.Value("judge")),
            default=models.Value("rule"),
        ),
        output_field=models.CharField(max_length=6, choices=Layer.choices),
        db_persist=True,
    )
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
                condition=models.Q(by=None, call=None),
                name="generation_one_verdict_by_rule",
            ),
            models.UniqueConstraint(
                fields=["interpretation"],
                condition=models.Q(call__isnull=False),
                name="generation_one_verdict_by_a_judging_model",
            ),
            models.CheckConstraint(
                condition=models.Q(by=None) | models.Q(call=None),
                name="generation_a_person_is_no_judging_model",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.verdict} ({self.signal})"
