"""The queue of model calls and what came of them.

The generation row *is* the queue; a Celery message only rings the bell. A worker claims a row by a conditional update
with a lease, so two bells for one row make one call, and a row whose worker died is claimed again after its lease.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from django.conf import settings
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from readerstudy.cases.models import Case
from readerstudy.studies.models import Arm, Study


class Stage(models.TextChoices):
    QUEUED = "queued", _("queued")
    RUNNING = "running", _("running")
    DONE = "done", _("done")
    FAILED = "failed", _("failed")


class Generations(models.QuerySet["Generation"]):
    def of(self, study: Study) -> Generations:
        return self.filter(arm__study=study)

    def claimable(self, at: datetime | None = None) -> Generations:
        """Rows that may be worked on now: queued and due, or running past their lease."""
        at = at or timezone.now()
        return self.filter(
            models.Q(stage=Stage.QUEUED, due_at__lte=at) | models.Q(stage=Stage.RUNNING, lease_until__lt=at)
        )

    def claim(self, pk: int, *, seconds: float) -> Generation | None:
        """Takes the row for `seconds`, unless somebody else has it or it is finished: one UPDATE decides."""
        now = timezone.now()
        taken = (
            self.claimable(now)
            .filter(pk=pk)
            .update(
                stage=Stage.RUNNING,
                lease_until=now + timedelta(seconds=seconds),
                claims=models.F("claims") + 1,
            )
        )
        return self.select_related("arm__study", "case").get(pk=pk) if taken else None


class Generation(models.Model):
    """One wanted output: case × arm × replicate."""

    arm = models.ForeignKey(Arm, on_delete=models.PROTECT, related_name="generations")
    case = models.ForeignKey(Case, on_delete=models.PROTECT, related_name="generations")
    replicate = models.PositiveSmallIntegerField(default=1)
    stage = models.CharField(max_length=8, choices=Stage.choices, default=Stage.QUEUED)
    due_at = models.DateTimeField(default=timezone.now)
    lease_until = models.DateTimeField(null=True)
    claims = models.PositiveIntegerField(default=0)
    failure = models.CharField(_("why it failed"), max_length=400, blank=True)
    finished_at = models.DateTimeField(null=True)

    objects = Generations.as_manager()

    class Meta:
        verbose_name = _("generation")
        verbose_name_plural = _("generations")
        indexes = [
            models.Index(
                fields=["due_at"],
                condition=models.Q(stage__in=["queued", "running"]),
                name="generation_waiting",
            )
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["case", "arm", "replicate"], name="generation_one_per_case_arm_replicate"
            ),
            models.CheckConstraint(condition=models.Q(stage__in=Stage.values), name="generation_known_stage"),
            models.CheckConstraint(
                condition=~models.Q(stage="running") | models.Q(lease_until__isnull=False),
                name="generation_running_has_a_lease",
            ),
            models.CheckConstraint(
                condition=~models.Q(stage="failed") | ~models.Q(failure=""),
                name="generation_failure_has_a_reason",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.arm} on {self.case} ({self.replicate})"


class Attempt(models.Model):
    """One call to a vendor, written before it is made and completed after."""

    generation = models.ForeignKey(Generation, on_delete=models.PROTECT, related_name="attempts")
    number = models.PositiveIntegerField()
    key = models.CharField(
        max_length=40, unique=True, help_text="Sent with the call, to match vendor records."
    )
    started_at = models.DateTimeField(default=timezone.now)
    finished_at = models.DateTimeField(null=True)
    outcome = models.CharField(
        max_length=20, blank=True, help_text="Empty while the call runs or if its worker died."
    )
    error_code = models.CharField(max_length=40, blank=True)
    error = models.CharField(max_length=400, blank=True)
    http_status = models.PositiveSmallIntegerField(null=True)
    is_possibly_paid = models.BooleanField(default=False)
    asked_model = models.CharField(max_length=120, blank=True)
    served_model = models.CharField(max_length=120, blank=True)
    fingerprint = models.CharField(max_length=120, blank=True)
    request_id = models.CharField(max_length=120, blank=True)
    stop_reason = models.CharField(max_length=60, blank=True)
    block_reason = models.CharField(max_length=120, blank=True)
    input_tokens = models.PositiveIntegerField(null=True)
    output_tokens = models.PositiveIntegerField(null=True)
    reasoning_tokens = models.PositiveIntegerField(null=True)
    seconds = models.FloatField(null=True)
    sdk = models.CharField(max_length=60, blank=True)
    sent = models.JSONField(default=dict)
    dropped = models.JSONField(default=list)
    raw = models.JSONField(null=True)

    class Meta:
        verbose_name = _("attempt")
        verbose_name_plural = _("attempts")
        constraints = [
            models.UniqueConstraint(fields=["generation", "number"], name="generation_attempts_are_numbered")
        ]

    def __str__(self) -> str:
        return f"attempt {self.number} of {self.generation}"


class Interpretation(models.Model):
    """The text a model gave. Append-only; empty where the vendor gave none."""

    generation = models.OneToOneField(Generation, on_delete=models.PROTECT, related_name="interpretation")
    attempt = models.OneToOneField(Attempt, on_delete=models.PROTECT, related_name="interpretation")
    text = models.TextField(blank=True)
    sha256 = models.CharField(max_length=64)
    created_at = models.DateTimeField(default=timezone.now)

    class Meta:
        verbose_name = _("interpretation")
        verbose_name_plural = _("interpretations")

    def __str__(self) -> str:
        return f"interpretation of {self.generation}"


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
            models.UniqueConstraint(
                fields=["interpretation"],
                condition=models.Q(by=None),
                name="generation_one_automatic_verdict",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.verdict} ({self.signal})"


class RecordedOutput(models.Model):
    """An output made elsewhere, as a coordinator imported it for an arm; the replay adapter hands it over."""

    arm = models.ForeignKey(Arm, on_delete=models.PROTECT, related_name="recorded_outputs")
    case = models.ForeignKey(Case, on_delete=models.PROTECT, related_name="+")
    text = models.TextField(blank=True)
    finish_reason = models.CharField(max_length=60, blank=True)
    model = models.CharField(max_length=120, blank=True)
    imported_at = models.DateTimeField(default=timezone.now)

    class Meta:
        verbose_name = _("recorded output")
        verbose_name_plural = _("recorded outputs")
        constraints = [
            models.UniqueConstraint(fields=["arm", "case"], name="generation_one_recorded_output_per_case")
        ]

    def __str__(self) -> str:
        return f"recorded output of {self.arm} on {self.case}"
