"""Cases and their hidden reference standards."""

from __future__ import annotations

from collections import defaultdict

from django.conf import settings
from django.db import models
from django.utils.text import Truncator
from django.utils.translation import gettext_lazy as _

from readerstudy.cases.matching import KnownCase
from readerstudy.cases.models.uploads import Fate, Upload
from readerstudy.studies.models import Study
from readerstudy.studies.protocol.case_tables import LONGEST_REFERENCE


class Purpose(models.TextChoices):
    """What a case is there for. Only cases of the study itself are compared, at once or in a later batch."""

    STUDY = "study", _("the study itself")
    LATER = "later", _("the study itself, in a later batch")
    PRACTICE = "practice", _("practice of readers")
    CHECK = "check", _("attention checks of readers")
    EXAMPLE = "example", _("an example in prompts")
    VALIDATION = "validation", _("trying prompts out")


COMPARED = (Purpose.STUDY, Purpose.LATER)
READ = (*COMPARED, Purpose.PRACTICE, Purpose.CHECK)


class Cases(models.QuerySet["Case"]):
    def of(self, study: Study) -> Cases:
        """The cases of the study itself, in order: those that are compared.

        Those a coordinator left out are not among them, nor are those that serve practice, checks or prompts.
        """
        return self.kept(study).filter(purpose__in=COMPARED)

    def read(self, study: Study) -> Cases:
        """All cases that readers and models get, in order: those of the study, for practice and for checks."""
        return self.kept(study).filter(purpose__in=READ)

    def kept(self, study: Study) -> Cases:
        """All cases that were not left out, whatever their purpose, in order."""
        return self.filter(study=study, left_out_at=None).order_by("position")

    def without_reference(self) -> Cases:
        return self.filter(reference=None)

    def known(self, study: Study) -> list[KnownCase]:
        """The study's cases with their labels and every name under which their files came in."""
        names = _names_of_cases(study)
        return [
            KnownCase(
                code=case.code,
                folder=case.folder,
                names=tuple(names[case.pk]),
                reference=case.reference.label if hasattr(case, "reference") else "",
                clinical_text=case.clinical_text,
                strata=case.strata,
            )
            for case in self.kept(study).select_related("reference")
        ]


class Case(models.Model):
    """What a reader reads at once. Its code is a number of ours, never a file's name."""

    study = models.ForeignKey(Study, on_delete=models.PROTECT, related_name="cases")
    position = models.PositiveIntegerField(editable=False)
    code = models.CharField(_("case"), max_length=20, editable=False)
    folder = models.CharField(
        max_length=255,
        blank=True,
        editable=False,
        help_text="What its files or its mapping call the case. Only coordinators see it, and can erase it.",
    )
    purpose = models.CharField(_("purpose"), max_length=10, choices=Purpose.choices, default=Purpose.STUDY)
    clinical_text = models.TextField(_("clinical text"), blank=True)
    strata = models.JSONField(_("strata"), default=dict)
    left_out_at = models.DateTimeField(_("left out"), null=True, editable=False)
    left_out_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, editable=False, related_name="+"
    )

    objects = Cases.as_manager()

    class Meta:
        verbose_name = _("case")
        verbose_name_plural = _("cases")
        ordering = ["study", "position"]
        constraints = [
            models.UniqueConstraint(fields=["study", "position"], name="cases_one_case_per_position"),
            models.UniqueConstraint(fields=["study", "code"], name="cases_codes_differ"),
            models.UniqueConstraint(
                fields=["study", "folder"],
                condition=~models.Q(folder="") & models.Q(left_out_at=None),
                name="cases_folders_differ",
            ),
            models.CheckConstraint(
                condition=models.Q(purpose__in=Purpose.values), name="cases_known_purpose"
            ),
            models.CheckConstraint(
                condition=models.Q(left_out_at=None, left_out_by=None)
                | models.Q(left_out_at__isnull=False, left_out_by__isnull=False),
                name="cases_left_out_by_whom_and_when",
            ),
        ]

    def __str__(self) -> str:
        return self.code


LONGEST_LABEL = 80


def as_label(reference: str) -> str:
    """The reference standard where it is a label, to count and compare by; empty where it is a longer text."""
    return reference if len(reference) <= LONGEST_LABEL and "\n" not in reference else ""


class ReferenceStandard(models.Model):
    """The truth about a case, hidden from vendors, and from readers unless the display shows it.

    A label or a text, marks on the images, or both. `marks` are None where nothing is said of them, and an empty list
    where it is said that there is nothing to mark; their form is that of `reference_marks`.
    """

    study = models.ForeignKey(Study, on_delete=models.PROTECT, related_name="+")
    case = models.OneToOneField(Case, on_delete=models.PROTECT, related_name="reference")
    label = models.CharField(_("reference label or text"), max_length=LONGEST_REFERENCE, blank=True)
    marks = models.JSONField(_("reference marks"), null=True, blank=True)

    class Meta:
        verbose_name = _("reference standard")
        verbose_name_plural = _("reference standards")
        constraints = [
            models.CheckConstraint(
                condition=~models.Q(label="", marks__isnull=True), name="cases_a_reference_says_something"
            )
        ]

    def __str__(self) -> str:
        return f"{self.case}: {self.short}"

    @property
    def short(self) -> str:
        """In one line: the label, or how the text begins."""
        return Truncator(" ".join(self.label.split())).chars(LONGEST_LABEL)


def _names_of_cases(study: Study) -> dict[int, list[str]]:
    """For each case the names its files came with, those of later duplicates included."""
    names, cases = defaultdict[int, list[str]](list), {}
    rendered = Upload.objects.of(study).filter(fate=Fate.RENDERED, image__case__left_out_at=None)
    for case, sha256, name in rendered.values_list("image__case", "sha256", "original_name"):
        cases[sha256] = case
        names[case] += [name] if name else []
    duplicates = Upload.objects.of(study).filter(fate=Fate.DUPLICATE).exclude(original_name="")
    for sha256, name in duplicates.values_list("sha256", "original_name"):
        if sha256 in cases:
            names[cases[sha256]].append(name)
    return names
