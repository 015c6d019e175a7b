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

from django.db import connection, models, transaction
from django.db.models.functions import Coalesce, Greatest
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from readerstudy.cases.models import Case
from readerstudy.generation.models.gates import Hold, VendorPause
from readerstudy.generation.models.trials import Trial
from readerstudy.studies.models import Arm, Study


class Stage(models.TextChoices):
    QUEUED = "queued", _("queued")
    RUNNING = "running", _("running")
    DONE = "done", _("done")
    FAILED = "failed", _("failed")


class Generations(models.QuerySet["Generation"]):
    def of(self, study: Study) -> Generations:
        """The rows of the study's arms; trials of prompts and cases that were left out are not among them."""
        return self.filter(arm__study=study, case__left_out_at=None)

    def sourced(self) -> Generations:
        """With `of_study` and `asked`, the study and the connection of the arm or the trial, to filter by."""
        return self.alias(
            of_study=Coalesce("arm__study", "trial__study"),
            asked=Coalesce("arm__connection", "trial__connection"),
        )

    def at_work(self, at: datetime | None = None) -> Generations:
        """Rows a living worker has: running and within their lease."""
        return self.filter(stage=Stage.RUNNING, lease_until__gte=at or timezone.now())

    def waiting(self) -> Generations:
        """Queued or running rows of studies whose queue is not on hold, due or not."""
        held = Hold.objects.filter(ended_at=None).values("study")
        there = self.sourced().filter(stage__in=(Stage.QUEUED, Stage.RUNNING))
        return there.filter(~models.Q(of_study__in=held))

    def claimable(self, at: datetime | None = None) -> Generations:
        """Rows that may be worked on now: queued and due, or running past their lease."""
        at = at or timezone.now()
        silent = VendorPause.objects.now(at).values("connection")
        queued = models.Q(stage=Stage.QUEUED, due_at__lte=at) & ~models.Q(asked__in=silent)
        return self.waiting().filter(queued | models.Q(stage=Stage.RUNNING, lease_until__lt=at))

    def next_moment(self) -> datetime | None:
        """When the next row becomes claimable, which may be past; None where nothing waits."""
        silence = VendorPause.objects.filter(connection=models.OuterRef("asked")).values("until")
        due = Greatest(models.F("due_at"), models.Subquery(silence))
        moment = models.Case(
            models.When(stage=Stage.RUNNING, then=models.F("lease_until")),
            default=due,
            output_field=models.DateTimeField(),
        )
        soonest = self.waiting().annotate(moment=moment).order_by("moment")
        return soonest.values_list("moment", flat=True).first()

    def claim_next(self, *, seconds: float) -> Generation | None:
        """Takes the row of all that has waited longest, for `seconds`; two workers never get the same one."""
        now = timezone.now()
        sql, parameters = _claiming()
        filled = [now if each is _NOW else each for each in parameters]
        with connection.cursor() as cursor:
            cursor.execute(sql, [now + timedelta(seconds=seconds), *filled])
            found = cursor.fetchone()
        sources = ("arm__study", "arm__prompt", "trial__study", "trial__prompt", "case")
        return self.select_related(*sources).get(pk=found[0]) if found else None

    def held(self, generation: Generation) -> Generations:
        """The row while the worker that claimed `generation` still has it; nobody else's."""
        return self.filter(pk=generation.pk, stage=Stage.RUNNING, claims=generation.claims)


Source = Arm | Trial


class Generation(models.Model):
    """One wanted output: case × arm × replicate, or a validation case in the trial of a prompt."""

    arm = models.ForeignKey(Arm, on_delete=models.PROTECT, null=True, related_name="generations")
    trial = models.ForeignKey(Trial, on_delete=models.PROTECT, null=True, related_name="generations")
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
            models.UniqueConstraint(fields=["case", "trial"], name="generation_one_per_case_and_trial"),
            models.CheckConstraint(
                condition=models.Q(arm=None, trial__isnull=False) | models.Q(arm__isnull=False, trial=None),
                name="generation_has_one_source",
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
        return f"{self.source} on {self.case} ({self.replicate})"

    @property
    def source(self) -> Source:
        """The arm or the trial: what is asked, of whom, and how."""
        if self.arm is not None:
            return self.arm
        if self.trial is None:
            raise ValueError("A generation has an arm or a trial.")
        return self.trial

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
