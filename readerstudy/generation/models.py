"""The queue of model calls and what came of them.

The generation row *is* the queue; a Celery message only rings the bell and carries nothing. A worker claims the row
that has waited longest, with a lease, so two bells never make two calls for one row, and a row whose worker died is
claimed again after its lease. The number of claims is also the worker's title to the row: whoever lost it can no longer
requeue or fail it.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any

from django.conf import settings
from django.db import connection, models, transaction
from django.db.models.functions import Greatest
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from readerstudy.cases.models import Case
from readerstudy.studies.models import Arm, Study


class Stage(models.TextChoices):
    QUEUED = "queued", _("queued")
    RUNNING = "running", _("running")
    DONE = "done", _("done")
    FAILED = "failed", _("failed")


class Hold(models.Model):
    """A study's queue stands still from `at` to `ended_at`; running calls finish, no new one begins."""

    study = models.ForeignKey(Study, on_delete=models.PROTECT, related_name="holds")
    by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField(default=timezone.now)
    ended_at = models.DateTimeField(null=True)

    class Meta:
        verbose_name = _("hold")
        verbose_name_plural = _("holds")
        constraints = [
            models.UniqueConstraint(
                fields=["study"], condition=models.Q(ended_at=None), name="generation_one_hold_at_a_time"
            )
        ]

    def __str__(self) -> str:
        return f"hold of {self.study}"


class VendorPauses(models.QuerySet["VendorPause"]):
    def now(self, at: datetime | None = None) -> VendorPauses:
        return self.filter(until__gt=at or timezone.now())


class VendorPause(models.Model):
    """A vendor asked for silence: no worker on any machine calls this connection before `until`."""

    connection = models.CharField(max_length=40, unique=True)
    until = models.DateTimeField()

    objects = VendorPauses.as_manager()

    class Meta:
        verbose_name = _("vendor pause")
        verbose_name_plural = _("vendor pauses")

    def __str__(self) -> str:
        return f"{self.connection} until {self.until:%H:%M:%S}"


class Generations(models.QuerySet["Generation"]):
    def of(self, study: Study) -> Generations:
        """The study's rows; those of cases that were left out are not among them."""
        return self.filter(arm__study=study, case__left_out_at=None)

    def at_work(self, at: datetime | None = None) -> Generations:
        """Rows a living worker has: running and within their lease."""
        return self.filter(stage=Stage.RUNNING, lease_until__gte=at or timezone.now())

    def waiting(self) -> Generations:
        """Queued or running rows of studies whose queue is not on hold, due or not."""
        held = Hold.objects.filter(ended_at=None).values("study")
        return self.filter(stage__in=(Stage.QUEUED, Stage.RUNNING)).exclude(arm__study__in=held)

    def claimable(self, at: datetime | None = None) -> Generations:
        """Rows that may be worked on now: queued and due, or running past their lease."""
        at = at or timezone.now()
        silent = VendorPause.objects.now(at).values("connection")
        queued = models.Q(stage=Stage.QUEUED, due_at__lte=at) & ~models.Q(arm__connection__in=silent)
        return self.waiting().filter(queued | models.Q(stage=Stage.RUNNING, lease_until__lt=at))

    def next_moment(self) -> datetime | None:
        """When the next row becomes claimable, which may be past; None where nothing waits."""
        silence = VendorPause.objects.filter(connection=models.OuterRef("arm__connection")).values("until")
        due = Greatest(models.F("due_at"), models.Subquery(silence))
        moment = models.Case(
            models.When(stage=Stage.RUNNING, then=models.F("lease_until")),
            default=due,
            output_field=models.DateTimeField(),
        )
        found: datetime | None = self.waiting().aggregate(next=models.Min(moment))["next"]
        return found

    def claim_next(self, *, seconds: float) -> Generation | None:
        """Takes the row of all that has waited longest, for `seconds`; two workers never get the same one."""
        now = timezone.now()
        sql, parameters = _claiming()
        filled = [now if each is _NOW else each for each in parameters]
        with connection.cursor() as cursor:
            cursor.execute(sql, [now + timedelta(seconds=seconds), *filled])
            found = cursor.fetchone()
        return self.select_related("arm__study", "case").get(pk=found[0]) if found else None

    def held(self, generation: Generation) -> Generations:
        """The row while the worker that claimed `generation` still has it; nobody else's."""
        return self.filter(pk=generation.pk, stage=Stage.RUNNING, claims=generation.claims)


class Generation(models.Model):
    """One wanted output: case × arm × replicate."""

    arm = models.ForeignKey(Arm, on_delete=models.PROTECT, related_name="generations")
    case = models.ForeignKey(Case, on_delete=models.PROTECT, related_name="generations")
    replicate = models.PositiveSmallIntegerField(default=1)
    stage = models.CharField(max_length=8, choices=Stage.choices, default=Stage.QUEUED)
    due_at = models.DateTimeField(default=timezone.now)
    lease_until = models.DateTimeField(null=True)
    claims = models.PositiveIntegerField(default=0)
    claims_before = models.PositiveIntegerField(
        default=0, help_text="Claims before a person last put the row into the queue."
    )
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
                condition=models.Q(stage="running", lease_until__isnull=False)
                | (~models.Q(stage="running") & models.Q(lease_until=None)),
                name="generation_running_has_a_lease",
            ),
            models.CheckConstraint(
                condition=~models.Q(stage="failed") | ~models.Q(failure=""),
                name="generation_failure_has_a_reason",
            ),
            models.CheckConstraint(
                condition=models.Q(claims__gte=models.F("claims_before")), name="generation_claims_count_up"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.arm} on {self.case} ({self.replicate})"

    @property
    def tries(self) -> int:
        """Claims since the row was last put into the queue."""
        return self.claims - self.claims_before


_NOW = datetime.max.replace(tzinfo=UTC)  # stands for the present moment in a statement that is built once


@cache
def _claiming() -> tuple[str, tuple[Any, ...]]:
    """One UPDATE that claims the first claimable row and returns its number; its first parameter is the lease's end.

    Django takes ten times longer to build `claimable` than PostgreSQL to run it, so it is built once.
    """
    rows = Generation.objects.claimable(_NOW).select_for_update(skip_locked=True, of=("self",), no_key=True)
    with transaction.atomic():  # without one Django does not even write such a statement down
        first, parameters = rows.order_by("due_at", "pk").values("pk")[:1].query.sql_with_params()
    table = Generation._meta.db_table
    claim = f"UPDATE {table} SET stage = 'running', lease_until = %s, claims = claims + 1"  # noqa: S608  our own names
    return f"{claim} WHERE id = ({first}) RETURNING id", tuple(parameters)


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
    is_possibly_paid = models.BooleanField(
        default=False, help_text="The vendor may have charged for this call, and its reply is not used."
    )
    asked_model = models.CharField(max_length=120, blank=True)
    recipe_sha256 = models.CharField(
        max_length=64, blank=True, help_text="Provider, model, prompts and parameters when the call was made."
    )
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
    images = models.JSONField(
        default=list, help_text="Slot and SHA-256 of each image that was sent, as stored in its rendition."
    )
    sent = models.JSONField(default=dict)
    dropped = models.JSONField(default=dict)
    raw = models.JSONField(null=True)

    class Meta:
        verbose_name = _("attempt")
        verbose_name_plural = _("attempts")
        constraints = [
            models.UniqueConstraint(fields=["generation", "number"], name="generation_attempts_are_numbered"),
            models.CheckConstraint(
                condition=models.Q(finished_at=None) | ~models.Q(outcome=""),
                name="generation_an_ended_attempt_has_an_outcome",
            ),
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
