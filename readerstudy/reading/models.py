"""Who reads what, and what they said.

An *allocation* is one planned presentation with one or more lettered outputs. A *reading* is that presentation as it
happened. Each rating a reader gives is a *rating event*, never changed; the *rating* is the event given last for one
subject and criterion, kept beside the events so that pages and reports need not search for it.

The subject is what was asked about: an output, or without one the case or the pair that the presentation shows. `part`
names a piece of it: "s3" the third sentence, "f1" the first finding, "t2" the second step; empty means the whole.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.conf import settings
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from readerstudy.cases.models import Case
from readerstudy.generation.models import Interpretation
from readerstudy.reading.adjudication_models import (
    AdjudicatedOutput,
    Adjudication,
    DisputedQuestion,
    Ending,
    Reminder,
    Settlement,
)
from readerstudy.reading.path_models import (
    Act,
    Background,
    ExitEvent,
    Passage,
    PathPart,
    PracticeAttempt,
    PracticeGrant,
    PracticeRound,
    ReaderSignature,
)
from readerstudy.studies.models import Arm, Criterion, Membership, Study

__all__ = [
    "Act",
    "AdjudicatedOutput",
    "Adjudication",
    "AllocatedOutput",
    "Allocation",
    "AllocationPlan",
    "Background",
    "CaseBatch",
    "DisputedQuestion",
    "Ending",
    "ExitEvent",
    "HiddenOutput",
    "Passage",
    "PathPart",
    "PracticeAttempt",
    "PracticeGrant",
    "PracticeRound",
    "PresentationKind",
    "Rating",
    "RatingEvent",
    "ReaderSignature",
    "Reading",
    "Reminder",
    "Replacement",
    "Session",
    "Settlement",
]


class AllocationPlans(models.QuerySet["AllocationPlan"]):
    def current(self, study: Study) -> AllocationPlan | None:
        """The plan that is read by: the newest one."""
        return self.filter(study=study).order_by("-pk").first()

    def locked(self, study: Study) -> AllocationPlan | None:
        """The plan that the lock froze; None before it."""
        return self.filter(study=study, is_pilot=False).order_by("pk").first()


class AllocationPlan(models.Model):
    """What a set of allocations was drawn by: algorithm, seed and everything else that decides a row. Append-only.

    `plan` is what the protocol said: its `allocation` section, for each case the stratum that is spread (`strata`) and
    the codes of the `practice` cases. Plans of the algorithm crossed/1 have none.
    """

    study = models.ForeignKey(Study, on_delete=models.PROTECT, related_name="allocation_plans")
    seed = models.BigIntegerField()
    algorithm = models.CharField(max_length=40)
    seats = models.PositiveIntegerField(
        help_text="The highest seat when the plan was drawn; later readers follow it."
    )
    cases = models.JSONField(help_text="Case codes in plan order.")
    arms = models.JSONField(help_text="Arm positions in plan order.")
    excluded = models.JSONField(default=list, help_text="(case, arm) pairs hidden from readers as refusals.")
    plan = models.JSONField(default=dict, help_text="Allocation section, strata and practice cases.")
    first = models.JSONField(default=list, help_text="The seats that were balanced against each other.")
    key_seed = models.BigIntegerField(
        null=True, help_text="What the keys of presentations come from; the seed itself where it is empty."
    )
    is_pilot = models.BooleanField(default=False, help_text="Whether it was drawn for a pilot.")
    created_at = models.DateTimeField(default=timezone.now)

    objects = AllocationPlans.as_manager()

    class Meta:
        verbose_name = _("allocation plan")
        verbose_name_plural = _("allocation plans")

    def __str__(self) -> str:
        return f"{self.algorithm} of {self.study}"


class CaseBatch(models.Model):
    """Cases that were held back at the lock and are read from now on. Append-only."""

    plan = models.ForeignKey(AllocationPlan, on_delete=models.PROTECT, related_name="batches")
    number = models.PositiveSmallIntegerField(help_text="From 1; the cases of the lock are batch 0.")
    cases = models.JSONField(help_text="Case codes in plan order.")
    excluded = models.JSONField(default=list, help_text="(case, arm) pairs hidden from readers as refusals.")
    by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField(default=timezone.now)

    class Meta:
        verbose_name = _("batch of cases")
        verbose_name_plural = _("batches of cases")
        constraints = [
            models.UniqueConstraint(fields=["plan", "number"], name="reading_one_batch_per_number"),
            models.CheckConstraint(condition=models.Q(number__gte=1), name="reading_batches_count_from_one"),
        ]

    def __str__(self) -> str:
        return f"batch {self.number} of {self.plan}"


class Replacement(models.Model):
    """A reader who takes over what another one left unread. Append-only."""

    plan = models.ForeignKey(AllocationPlan, on_delete=models.PROTECT, related_name="replacements")
    leaver = models.OneToOneField(Membership, on_delete=models.PROTECT, related_name="replaced_by")
    successor = models.OneToOneField(Membership, on_delete=models.PROTECT, related_name="replaces")
    positions = models.JSONField(help_text="The positions of the leaver's presentations that go over.")
    batch = models.PositiveSmallIntegerField(
        help_text="The last batch of cases at that time; later ones go to the successor."
    )
    reason = models.TextField()
    by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField(default=timezone.now)

    class Meta:
        verbose_name = _("replacement")
        verbose_name_plural = _("replacements")
        constraints = [
            models.CheckConstraint(
                condition=~models.Q(leaver=models.F("successor")), name="reading_nobody_replaces_oneself"
            ),
            models.CheckConstraint(condition=~models.Q(reason=""), name="reading_a_replacement_has_a_reason"),
        ]

    def __str__(self) -> str:
        return f"{self.successor.pseudonym} for {self.leaver.pseudonym}"


class PresentationKind(models.TextChoices):
    """Why a presentation is there. Only the first enters the main analysis."""

    MAIN = "main", _("main")
    REPEAT = "repeat", _("repeat")
    PRACTICE = "practice", _("practice")
    CHECK = "check", _("attention check")


class CheckMadeOf(models.TextChoices):
    """What an attention check is made of; empty for all other presentations."""

    NONE = "", _("no attention check")
    CASE = "case", _("a check case")
    KNOWN_BAD = "known_bad", _("a known-bad output")
    IDENTICAL = "identical", _("an identical pair")
    BLANK = "blank", _("a blank image")


class Allocations(models.QuerySet["Allocation"]):
    def of(self, seat: Membership) -> Allocations:
        """What the reader reads by the study's current plan, in order; without what somebody else took over."""
        plans = AllocationPlan.objects.filter(study=seat.study_id).order_by("-pk")
        return self.filter(seat=seat, plan=plans.values("pk")[:1], successor=None).order_by("position")

    def of_practice(self, is_practice: bool) -> Allocations:
        """Practice alone, or everything but practice."""
        return self.filter(kind="practice") if is_practice else self.exclude(kind="practice")

    def unread(self) -> Allocations:
        return self.filter(models.Q(reading=None) | models.Q(reading__submitted_at=None))


class Allocation(models.Model):
    """One planned presentation of a case to a reader.

    `arm` is set where a presentation shows no output because its arm is unaided. `succeeds` is the presentation of a
    reader who left, which this one replaces.
    """

    plan = models.ForeignKey(
        AllocationPlan, on_delete=models.PROTECT, related_name="allocations", db_index=False
    )
    seat = models.ForeignKey(Membership, on_delete=models.PROTECT, related_name="allocations", db_index=False)
    case = models.ForeignKey(Case, on_delete=models.PROTECT, related_name="allocations")
    arm = models.ForeignKey(Arm, on_delete=models.PROTECT, null=True, related_name="+", db_index=False)
    kind = models.CharField(max_length=10, choices=PresentationKind.choices, default=PresentationKind.MAIN)
    check_kind = models.CharField(
        max_length=10, choices=CheckMadeOf.choices, default=CheckMadeOf.NONE, blank=True
    )
    batch = models.PositiveSmallIntegerField(default=0, help_text="The batch of cases that it came with.")
    succeeds = models.ForeignKey(
        "self", on_delete=models.PROTECT, null=True, related_name="successor", db_index=False
    )
    period = models.PositiveSmallIntegerField(default=1)
    position = models.PositiveIntegerField()
    key = models.CharField(max_length=32, help_text="Names the reading in addresses; tells nothing.")
    case_key = models.CharField(max_length=32, help_text="Names the case's images for this reader alone.")

    turn: Mapping[str, Any] | None = None
    """What `turns` tells of it, where it was read together with the presentation."""
    holds_texts: bool = False
    """Whether its outputs are known with their texts."""

    objects = Allocations.as_manager()

    class Meta:
        verbose_name = _("allocation")
        verbose_name_plural = _("allocations")
        indexes = [models.Index(fields=["seat", "case_key"], name="reading_images_of_a_reader")]
        constraints = [
            models.UniqueConstraint(fields=["key"], name="reading_keys_differ"),
            models.UniqueConstraint(
                fields=["plan", "seat", "position"], name="reading_one_case_per_plan_and_position"
            ),
            models.UniqueConstraint(
                fields=["succeeds"],
                condition=models.Q(succeeds__isnull=False),
                name="reading_taken_over_once",
            ),
            models.CheckConstraint(
                condition=models.Q(kind__in=PresentationKind.values), name="reading_known_presentation_kind"
            ),
            models.CheckConstraint(
                condition=models.Q(check_kind__in=CheckMadeOf.values), name="reading_known_check"
            ),
            models.CheckConstraint(
                condition=models.Q(kind=PresentationKind.CHECK) ^ models.Q(check_kind=CheckMadeOf.NONE),
                name="reading_checks_are_made_of_something",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.seat.pseudonym}, position {self.position}"


class AllocatedOutputs(models.QuerySet["AllocatedOutput"]):
    def of_screen(self, allocation: Allocation) -> AllocatedOutputs:
        """The outputs of a presentation by side, with their arms, texts and what was read out of them."""
        related = ("arm", "interpretation__frozen__shown", "interpretation__extraction")
        return self.filter(allocation=allocation).select_related(*related).order_by("side")


class AllocatedOutput(models.Model):
    """One output within a presentation, under the letter its reader sees."""

    allocation = models.ForeignKey(
        Allocation, on_delete=models.PROTECT, related_name="outputs", db_index=False
    )
    arm = models.ForeignKey(Arm, on_delete=models.PROTECT, related_name="+", db_index=False)
    interpretation = models.ForeignKey(Interpretation, on_delete=models.PROTECT, related_name="+")
    letter = models.CharField(max_length=1)
    side = models.PositiveSmallIntegerField(default=0)
    copy = models.PositiveSmallIntegerField(
        default=0, help_text="From 1 where an identical pair shows the same output once more."
    )

    objects = AllocatedOutputs.as_manager()

    class Meta:
        verbose_name = _("allocated output")
        verbose_name_plural = _("allocated outputs")
        constraints = [
            models.UniqueConstraint(fields=["allocation", "letter"], name="reading_letters_differ"),
            models.UniqueConstraint(fields=["allocation", "side"], name="reading_sides_differ"),
            models.UniqueConstraint(fields=["allocation", "arm", "copy"], name="reading_arms_differ"),
        ]

    def __str__(self) -> str:
        return f"output {self.letter} of {self.allocation}"


class HiddenOutput(models.Model):
    """An output that the plan gives to a reader and that no reader sees: a hidden refusal, or one that was not made.

    Reports count hidden refusals for the readers who would have read them. Append-only.
    """

    plan = models.ForeignKey(
        AllocationPlan, on_delete=models.PROTECT, related_name="hidden_outputs", db_index=False
    )
    seat = models.ForeignKey(Membership, on_delete=models.PROTECT, related_name="+", db_index=False)
    case = models.ForeignKey(Case, on_delete=models.PROTECT, related_name="+", db_index=False)
    arm = models.ForeignKey(Arm, on_delete=models.PROTECT, related_name="+", db_index=False)

    class Meta:
        verbose_name = _("hidden output")
        verbose_name_plural = _("hidden outputs")
        constraints = [
            models.UniqueConstraint(fields=["plan", "seat", "case", "arm"], name="reading_hidden_once")
        ]

    def __str__(self) -> str:
        return f"{self.arm} on {self.case}, hidden from {self.seat.pseudonym}"


class Session(models.Model):
    """One sitting of a reader."""

    seat = models.ForeignKey(Membership, on_delete=models.PROTECT, related_name="sessions")
    started_at = models.DateTimeField(default=timezone.now)
    last_seen_at = models.DateTimeField(default=timezone.now)
    ended_at = models.DateTimeField(null=True)
    paused_at = models.DateTimeField(null=True, help_text="When a pause was last offered in this sitting.")

    class Meta:
        verbose_name = _("session")
        verbose_name_plural = _("sessions")
        constraints = [
            models.UniqueConstraint(
                fields=["seat"], condition=models.Q(ended_at=None), name="reading_one_open_session_per_reader"
            )
        ]

    def __str__(self) -> str:
        return f"session of {self.seat.pseudonym}"


class Reading(models.Model):
    """A presentation as it happened: when it was first shown and when it was submitted."""

    allocation = models.OneToOneField(Allocation, on_delete=models.PROTECT, related_name="reading")
    session = models.ForeignKey(Session, on_delete=models.PROTECT, related_name="readings", db_index=False)
    shown_at = models.DateTimeField(default=timezone.now)
    unaided_at = models.DateTimeField(
        null=True, help_text="When the unaided answer was locked and the output revealed."
    )
    first_answer_at = models.DateTimeField(null=True)
    last_answer_at = models.DateTimeField(null=True)
    submitted_at = models.DateTimeField(null=True)
    active_seconds = models.FloatField(
        null=True, help_text="As the browser counted them, without gaps of more than a minute."
    )
    client = models.JSONField(default=dict, help_text="The browser's own clock: shown, answers, submitted.")

    class Meta:
        verbose_name = _("reading")
        verbose_name_plural = _("readings")
        indexes = [models.Index(fields=["session", "submitted_at"], name="reading_readings_of_a_sitting")]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(submitted_at=None) | models.Q(submitted_at__gte=models.F("shown_at")),
                name="reading_shown_before_submitted",
            ),
            models.CheckConstraint(
                condition=models.Q(unaided_at=None) | models.Q(unaided_at__gte=models.F("shown_at")),
                name="reading_shown_before_unaided_answer",
            ),
            models.CheckConstraint(
                condition=models.Q(first_answer_at=None, last_answer_at=None)
                | models.Q(first_answer_at__lte=models.F("last_answer_at")),
                name="reading_first_answer_before_last",
            ),
            models.CheckConstraint(
                condition=models.Q(active_seconds=None) | models.Q(active_seconds__gte=0),
                name="reading_active_seconds_are_none_or_more",
            ),
        ]

    def __str__(self) -> str:
        return f"reading at {self.allocation}"


class RatingEvent(models.Model):
    """One rating as a reader gave it. Append-only; `token` makes a repeated request the same event.

    `at` is when it arrived, `given_at` when it was given: earlier, where it had to wait in the browser for the network.
    """

    allocation = models.ForeignKey(Allocation, on_delete=models.PROTECT, related_name="events")
    output = models.ForeignKey(AllocatedOutput, on_delete=models.PROTECT, related_name="events", null=True)
    criterion = models.ForeignKey(Criterion, on_delete=models.PROTECT, related_name="+")
    part = models.CharField(max_length=60, blank=True)
    token = models.UUIDField(unique=True)
    value = models.TextField(blank=True)
    score = models.FloatField(null=True)
    cannot_judge = models.BooleanField(default=False)
    reason = models.TextField(blank=True, help_text="Why it cannot be judged, or why the rest is left out.")
    changed_because = models.TextField(
        blank=True, help_text="Why it was changed after the sitting in which its case was finished."
    )
    protocol_version = models.PositiveIntegerField()
    client = models.JSONField(default=dict, help_text="The browser's own clock, screen, window and zoom.")
    by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    given_at = models.DateTimeField(default=timezone.now)
    at = models.DateTimeField(default=timezone.now)

    class Meta:
        verbose_name = _("rating event")
        verbose_name_plural = _("rating events")
        indexes = [
            models.Index(
                fields=["allocation", "output", "criterion", "part"], name="reading_events_of_a_rating"
            )
        ]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(cannot_judge=False) | models.Q(value="", score=None),
                name="reading_cannot_judge_has_no_value",
            ),
            models.CheckConstraint(
                condition=models.Q(given_at__lte=models.F("at")), name="reading_given_before_it_arrived"
            ),
        ]

    def __str__(self) -> str:
        return f"rating event {self.pk}"


class Rating(models.Model):
    """The rating that stands for one subject and criterion: a copy of the event that was given last."""

    allocation = models.ForeignKey(Allocation, on_delete=models.PROTECT, related_name="ratings")
    output = models.ForeignKey(AllocatedOutput, on_delete=models.PROTECT, related_name="ratings", null=True)
    criterion = models.ForeignKey(Criterion, on_delete=models.PROTECT, related_name="+")
    part = models.CharField(max_length=60, blank=True)
    event = models.OneToOneField(RatingEvent, on_delete=models.PROTECT, related_name="+")
    value = models.TextField(blank=True)
    score = models.FloatField(null=True)
    cannot_judge = models.BooleanField(default=False)
    reason = models.TextField(blank=True)
    given_at = models.DateTimeField()
    at = models.DateTimeField()

    token: str = ""
    """The token of its event, where it was read for a page: by it the page says which answer it knew."""

    class Meta:
        verbose_name = _("rating")
        verbose_name_plural = _("ratings")
        constraints = [
            models.UniqueConstraint(
                fields=["allocation", "output", "criterion", "part"],
                nulls_distinct=False,
                name="reading_one_rating_per_subject_and_criterion",
            )
        ]

    def __str__(self) -> str:
        return f"rating {self.pk}"
