"""Sets of outputs that nothing changes any more."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from readerstudy.cases.models import Case
from readerstudy.generation.models.outputs import Interpretation
from readerstudy.generation.models.shown import ShownText
from readerstudy.generation.models.verdicts import RefusalVerdict
from readerstudy.studies.models import Arm, Study


class FrozenSet(models.Model):
    """Outputs frozen at one moment, with the manifest of all that were frozen until then. Append-only."""

    study = models.ForeignKey(Study, on_delete=models.PROTECT, related_name="frozen_sets")
    number = models.PositiveIntegerField()
    manifest = models.TextField(help_text="Canonical JSON: sorted keys, no spaces.")
    sha256 = models.CharField(max_length=64)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField(default=timezone.now)

    class Meta:
        verbose_name = _("frozen set")
        verbose_name_plural = _("frozen sets")
        constraints = [
            models.UniqueConstraint(fields=["study", "number"], name="generation_frozen_sets_are_numbered")
        ]

    def __str__(self) -> str:
        return f"frozen set {self.number} of {self.study}"


class FrozenOutputs(models.QuerySet["FrozenOutput"]):
    def of(self, study: Study) -> FrozenOutputs:
        return self.filter(frozen_set__study=study)

    def missing(self) -> FrozenOutputs:
        """Those that were never made, and were accepted as missing."""
        return self.filter(interpretation=None)


class FrozenOutput(models.Model):
    """One (case, arm, replicate) as it was frozen: its text, what readers see of it and its verdict, or its absence.

    PostgreSQL refuses every later change to what it names. Append-only.
    """

    frozen_set = models.ForeignKey(FrozenSet, on_delete=models.PROTECT, related_name="outputs")
    arm = models.ForeignKey(Arm, on_delete=models.PROTECT, related_name="+")
    case = models.ForeignKey(Case, on_delete=models.PROTECT, related_name="+")
    replicate = models.PositiveSmallIntegerField()
    interpretation = models.OneToOneField(
        Interpretation, on_delete=models.PROTECT, null=True, related_name="frozen"
    )
    shown = models.ForeignKey(ShownText, on_delete=models.PROTECT, null=True, related_name="+")
    verdict = models.ForeignKey(RefusalVerdict, on_delete=models.PROTECT, null=True, related_name="+")
    line = models.TextField(help_text="Its line of the manifest, in canonical JSON.")

    objects = FrozenOutputs.as_manager()

    class Meta:
        verbose_name = _("frozen output")
        verbose_name_plural = _("frozen outputs")
        constraints = [
            models.UniqueConstraint(
                fields=["case", "arm", "replicate"], name="generation_an_output_is_frozen_once"
            ),
            models.CheckConstraint(
                condition=models.Q(interpretation=None, shown=None, verdict=None)
                | models.Q(interpretation__isnull=False, shown__isnull=False, verdict__isnull=False),
                name="generation_frozen_whole_or_missing",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.arm} on {self.case} ({self.replicate}), frozen"
