"""The optional judging model: what it is, which outputs it is asked about, and each of its calls.

As with outputs, the row is the queue and a Celery message only rings: a row whose worker died is claimed again after
its lease.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from django.conf import settings
from django.db import models, transaction
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from readerstudy.generation.models.gates import Hold, VendorPause
from readerstudy.generation.models.money import Purse
from readerstudy.generation.models.outputs import Interpretation
from readerstudy.generation.models.queue import Stage, closed_gates
from readerstudy.studies.models import Study


class Judge(models.Model):
    """A model that is asked, from its start to its end, about outputs on which the rules are not sure."""

    study = models.ForeignKey(Study, on_delete=models.PROTECT, related_name="judges")
    connection = models.CharField(_("provider"), max_length=40)
    model = models.CharField(_("model"), max_length=120)
    most_tokens = models.PositiveBigIntegerField(_("most tokens"))
    prompt_version = models.PositiveIntegerField()
    prompt_sha256 = models.CharField(max_length=64)
    prompt = models.TextField(help_text="The instructions as they are sent, word for word.")
    is_simulated = models.BooleanField(default=False, editable=False)
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    created_at = models.DateTimeField(default=timezone.now)
    ended_at = models.DateTimeField(null=True)

    class Meta:
        verbose_name = _("judging model")
        verbose_name_plural = _("judging models")
        constraints = [
            models.UniqueConstraint(
                fields=["study"],
                condition=models.Q(ended_at=None),
                name="generation_one_judging_model_at_a_time",
            )
        ]

    def __str__(self) -> str:
        return f"{self.model} at {self.connection}"

    @property
    def tokens(self) -> int:
        """Tokens of its calls so far, as the vendor counted them."""
        sums = JudgeCall.objects.filter(judge=self).aggregate(
            sent=models.Sum("input_tokens", default=0), received=models.Sum("output_tokens", default=0)
        )
        return int(sums["sent"] + sums["received"])

    @property
    def is_used_up(self) -> bool:
        return self.tokens >= self.most_tokens


class Judgings(models.QuerySet["Judging"]):
    def of(self, study: Study) -> Judgings:
        return self.filter(judge__study=study)

    def waiting(self) -> Judgings:
        """Rows of judging models that are on, in studies that neither a person nor the budget has stopped."""
        held = Hold.objects.filter(ended_at=None).values("study")
        broke = Purse.objects.exclude(stop="").values("study")
        there = self.filter(stage__in=(Stage.QUEUED, Stage.RUNNING), judge__ended_at=None)
        return there.exclude(judge__study__in=held).exclude(judge__study__in=broke)

    def claimable(self, at: datetime | None = None) -> Judgings:
        """Rows that may be worked on now: queued and due, or running past their lease, and no limit forbids it."""
        at = at or timezone.now()
        silent = VendorPause.objects.now(at).values("connection")
        queued = models.Q(stage=Stage.QUEUED, due_at__lte=at)
        lost = models.Q(stage=Stage.RUNNING, lease_until__lt=at)
        open_ones = self.waiting().filter(queued | lost).exclude(judge__connection__in=silent)
        return open_ones.exclude(judge__connection__in=closed_gates().values("connection"))

    @transaction.atomic
    def claim_next(self, *, seconds: float) -> Judging | None:
        """Takes the row that has waited longest, for `seconds`; two workers never get the same one."""
        now = timezone.now()
        free = self.claimable(now).select_for_update(skip_locked=True, of=("self",), no_key=True)
        row = free.select_related("judge__study", "interpretation").order_by("due_at", "pk").first()
        if row is None:
            return None
        row.stage, row.lease_until = Stage.RUNNING, now + timedelta(seconds=seconds)
        row.claims += 1
        row.save(update_fields=["stage", "lease_until", "claims"])
        return row

    def held(self, judging: Judging) -> Judgings:
        """The row while the worker that claimed `judging` still has it; nobody else's."""
        return self.filter(pk=judging.pk, stage=Stage.RUNNING, claims=judging.claims)


class Judging(models.Model):
    """One output about which the judging model is asked."""

    judge = models.ForeignKey(Judge, on_delete=models.PROTECT, related_name="judgings")
    interpretation = models.OneToOneField(Interpretation, on_delete=models.PROTECT, related_name="judging")
    stage = models.CharField(max_length=8, choices=Stage.choices, default=Stage.QUEUED)
    due_at = models.DateTimeField(default=timezone.now)
    lease_until = models.DateTimeField(null=True)
    claims = models.PositiveIntegerField(default=0)
    failure = models.CharField(_("why it failed"), max_length=400, blank=True)

    objects = Judgings.as_manager()

    class Meta:
        verbose_name = _("judging")
        verbose_name_plural = _("judgings")
        indexes = [
            models.Index(
                fields=["due_at"],
                condition=models.Q(stage__in=["queued", "running"]),
                name="generation_judging_waits",
            )
        ]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(stage__in=Stage.values), name="generation_known_stage_of_judging"
            ),
            models.CheckConstraint(
                condition=models.Q(stage="running", lease_until__isnull=False)
                | (~models.Q(stage="running") & models.Q(lease_until=None)),
                name="generation_running_judging_has_a_lease",
            ),
            models.CheckConstraint(
                condition=~models.Q(stage="failed") | ~models.Q(failure=""),
                name="generation_failed_judging_has_a_reason",
            ),
        ]

    def __str__(self) -> str:
        return f"judging of {self.interpretation}"


class JudgeCall(models.Model):
    """One call to a judging model, written before it is made and completed after."""

    judge = models.ForeignKey(Judge, on_delete=models.PROTECT, related_name="calls")
    judging = models.ForeignKey(Judging, on_delete=models.PROTECT, related_name="calls")
    number = models.PositiveIntegerField()
    key = models.CharField(max_length=40, unique=True)
    started_at = models.DateTimeField(default=timezone.now)
    finished_at = models.DateTimeField(null=True)
    outcome = models.CharField(max_length=20, blank=True, help_text="Empty while the call runs.")
    error_code = models.CharField(max_length=40, blank=True)
    error = models.CharField(max_length=400, blank=True)
    is_possibly_paid = models.BooleanField(default=False)
    asked_model = models.CharField(max_length=120)
    served_model = models.CharField(max_length=120, blank=True)
    prompt_sha256 = models.CharField(max_length=64)
    words_bytes = models.PositiveIntegerField(help_text="Bytes of the words that were sent.")
    request_id = models.CharField(max_length=120, blank=True)
    stop_reason = models.CharField(max_length=60, blank=True)
    input_tokens = models.PositiveIntegerField(null=True)
    output_tokens = models.PositiveIntegerField(null=True)
    seconds = models.FloatField(null=True)
    sdk = models.CharField(max_length=60, blank=True)
    raw = models.JSONField(null=True)

    class Meta:
        verbose_name = _("call of a judging model")
        verbose_name_plural = _("calls of judging models")
        constraints = [
            models.UniqueConstraint(fields=["judging", "number"], name="generation_judge_calls_are_numbered"),
            models.CheckConstraint(
                condition=models.Q(finished_at=None) | ~models.Q(outcome=""),
                name="generation_an_ended_judge_call_has_an_outcome",
            ),
        ]

    def __str__(self) -> str:
        return f"call {self.number} of {self.judging}"
