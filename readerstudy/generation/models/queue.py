"""The queue of model calls and what came of them.

The generation row *is* the queue; a Celery message only rings the bell and carries nothing. A worker claims the row
that has waited longest, with a lease, so two bells never make two calls for one row, and a row whose worker died is
claimed again after its lease. The number of claims is also the worker's title to the row: whoever lost it can no longer
requeue or fail it.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from functools import cache, lru_cache
from typing import Any

from django.db import connection, models, transaction
from django.db.models.functions import Coalesce, Greatest, Now
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from readerstudy.cases.models import Case
from readerstudy.generation.models.batches import Batch
from readerstudy.generation.models.gates import AHEAD_SECONDS, Gate, Gates, Hold, VendorPause
from readerstudy.generation.models.money import Purse
from readerstudy.generation.models.trials import Trial
from readerstudy.statements import columns_of, fetch, first_of
from readerstudy.studies.models import Arm, CallMode, PromptVersion, Study


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

    def asking(self, connection: str | models.OuterRef) -> Generations:
        """Rows of arms and trials that call this connection."""
        return self.sourced().filter(models.Q(asked=connection))

    def at_work(self, at: datetime | None = None) -> Generations:
        """Rows a living worker has: running and within their lease. What lies in a batch is no worker's."""
        return self.filter(stage=Stage.RUNNING, batch=None, lease_until__gte=at or timezone.now())

    def waiting(self) -> Generations:
        """Queued or running rows of studies whose queue neither a person nor the budget has stopped, due or not."""
        held = Hold.objects.filter(ended_at=None).values("study")
        broke = Purse.objects.exclude(stop="").values("study")
        there = self.sourced().filter(stage__in=(Stage.QUEUED, Stage.RUNNING), batch=None)
        return there.filter(~models.Q(of_study__in=held) & ~models.Q(of_study__in=broke))

    def live(self) -> Generations:
        """Rows that workers call for one by one; with `for_batches`, all."""
        return self.waiting().exclude(arm__mode=CallMode.BATCH)

    def for_batches(self) -> Generations:
        """Queued rows that are due and whose arm hands its calls in together."""
        due = self.waiting().filter(stage=Stage.QUEUED, due_at__lte=timezone.now())
        return due.filter(arm__mode=CallMode.BATCH)

    def due(self, at: datetime | None = None) -> Generations:
        """Rows that may be worked on now, whatever the limits of their connection say."""
        at = at or timezone.now()
        silent = VendorPause.objects.now(at).values("connection")
        queued = models.Q(stage=Stage.QUEUED, due_at__lte=at) & ~models.Q(asked__in=silent)
        return self.live().filter(queued | models.Q(stage=Stage.RUNNING, lease_until__lt=at))

    def claimable(self, at: datetime | None = None) -> Generations:
        """Rows that may be worked on now: queued and due, or running past their lease, and their gate is open."""
        return self.due(at).filter(~models.Q(asked__in=closed_gates().values("connection")))

    def next_moment(self) -> datetime | None:
        """When the next row becomes claimable, which may be past; None where nothing waits."""
        silence = VendorPause.objects.filter(connection=models.OuterRef("asked")).values("until")
        ahead = timedelta(seconds=AHEAD_SECONDS)
        paced = Gate.objects.filter(connection=models.OuterRef("asked"))
        opens = paced.annotate(opens=Greatest("request_free_at", "token_free_at") - ahead).values("opens")
        due = Greatest(models.F("due_at"), models.Subquery(silence), models.Subquery(opens))
        moment = models.Case(
            models.When(stage=Stage.RUNNING, then=models.F("lease_until")),
            default=due,
            output_field=models.DateTimeField(),
        )
        soonest = self.live().annotate(moment=moment).order_by("moment")
        return soonest.values_list("moment", flat=True).first()

    @transaction.atomic
    def claim_next(self, *, seconds: float) -> Generation | None:
        """Takes the row of all that has waited longest, for `seconds`; two workers never get the same one."""
        now = timezone.now()
        sql, parameters = _claiming()
        filled = [now if each is _NOW else each for each in parameters]
        found = first_of(Generation, sql, [now + timedelta(seconds=seconds), *filled])
        return None if found is None else _with_its_source(found)

    def claim_of(self, study: Study, *, seconds: float) -> Generation | None:
        """Takes the first queued row of one study, due or not and whatever the limits: for a dry run in one process."""
        queued = self.of(study).filter(stage=Stage.QUEUED).order_by("due_at", "pk")
        with transaction.atomic():
            row = queued.select_for_update(skip_locked=True, of=("self",)).first()
            if row is None:
                return None
            row.stage, row.lease_until = Stage.RUNNING, timezone.now() + timedelta(seconds=seconds)
            row.claims += 1
            row.save(update_fields=["stage", "lease_until", "claims"])
        return self.select_related("arm__study", "arm__prompt", "case").get(pk=row.pk)

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
    batch = models.ForeignKey(
        Batch,
        on_delete=models.PROTECT,
        null=True,
        related_name="generations",
        help_text="While it lies in one.",
    )
    failure = models.CharField(_("why it failed"), max_length=400, blank=True)
    finished_at = models.DateTimeField(null=True)

    objects = Generations.as_manager()

    paced_tokens: float = 0.0
    """Tokens that were booked at the gate of its connection for the call under way."""

    class Meta:
        verbose_name = _("generation")
        verbose_name_plural = _("generations")
        indexes = [
            models.Index(
                fields=["due_at"],
                condition=models.Q(stage__in=["queued", "running"]),
                name="generation_waiting",
            ),
            models.Index(
                fields=["lease_until"], condition=models.Q(stage="running"), name="generation_running"
            ),
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
                condition=models.Q(batch=None) | models.Q(stage="running"),
                name="generation_in_a_batch_it_runs",
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


def closed_gates() -> Gates:
    """Gates of connections that cannot take another call now, by the clock of the database.

    Rows beyond the calls at once are claimed too, half as many again and one: while these are prepared and stored,
    others have the places. How many calls are out is decided by the places alone.
    """
    at_work = Generation.objects.asking(models.OuterRef("connection")).filter(
        stage=Stage.RUNNING, batch=None, lease_until__gte=Now()
    )
    counted = at_work.order_by().annotate(one=models.Value(1)).values("one").annotate(n=models.Count("pk"))
    under_way = Coalesce(models.Subquery(counted.values("n")), 0)
    latest = Now() + timedelta(seconds=AHEAD_SECONDS)
    too_far = models.Q(request_free_at__gt=latest) | models.Q(token_free_at__gt=latest)
    is_paced = models.Q(requests_per_minute__isnull=False) | models.Q(tokens_per_minute__isnull=False)
    return Gate.objects.annotate(under_way=under_way).filter(
        (is_paced & too_far)
        | models.Q(calls_at_once__lt=models.F("under_way") - models.F("calls_at_once") / 2)
    )


def _with_its_source(row: Generation) -> Generation:
    """The row with its case, its arm or trial, and their study and prompt, all read now."""
    source: Source = fetch(Arm, row.arm_id) if row.arm_id else fetch(Trial, row.trial_id)
    source.study = fetch(Study, source.study_id)
    if source.prompt_id:
        source.prompt = _prompt(source.prompt_id)
    row.case = fetch(Case, row.case_id)
    row.case.study = source.study
    if isinstance(source, Arm):
        row.arm = source
    else:
        row.trial = source
    return row


@lru_cache(maxsize=256)
def _prompt(number: int) -> PromptVersion:
    """A version never changes, so each is read once."""
    return fetch(PromptVersion, number)


_NOW = datetime.max.replace(tzinfo=UTC)  # stands for the present moment in a statement that is built once


def anything_claimable() -> bool:
    """Whether a row can be claimed now."""
    sql, parameters = _asking()
    now = timezone.now()
    with connection.cursor() as cursor:
        cursor.execute(sql, [now if each is _NOW else each for each in parameters])
        return cursor.fetchone() is not None


@cache
def _asking() -> tuple[str, tuple[Any, ...]]:
    """A SELECT that finds a row if one is claimable; built once, like the one below."""
    sql, parameters = Generation.objects.claimable(_NOW).values("pk")[:1].query.sql_with_params()
    return sql, tuple(parameters)


@cache
def _claiming() -> tuple[str, tuple[Any, ...]]:
    """One UPDATE that claims the first claimable row and returns it; first parameter: the lease's end."""
    rows = Generation.objects.claimable(_NOW).select_for_update(skip_locked=True, of=("self",), no_key=True)
    with transaction.atomic():  # without one Django does not even write such a statement down
        first, parameters = rows.order_by("due_at", "pk").values("pk")[:1].query.sql_with_params()
    table = Generation._meta.db_table
    claim = f"UPDATE {table} SET stage = 'running', lease_until = %s, claims = claims + 1"  # noqa: S608  our own names
    return f"{claim} WHERE id = ({first}) RETURNING {columns_of(Generation)}", tuple(parameters)
