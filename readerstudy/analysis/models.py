"""Frozen analyses, and who looked at them before the data were locked."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from readerstudy.studies.models import Study


class Reports(models.QuerySet["Report"]):
    def newest(self, study: Study) -> Report | None:
        return self.filter(study=study).order_by("-pk").first()

    def named(self, study: Study, input_sha256: str, software: str, is_interim: bool) -> Report | None:
        """The report on exactly this input, if it was ever computed."""
        named = self.filter(study=study, input_sha256=input_sha256)
        return named.filter(software=software, is_interim=is_interim).first()


class Report(models.Model):
    """One analysis of one state of the data, named by the hash of its input. Append-only."""

    study = models.ForeignKey(Study, on_delete=models.PROTECT, related_name="reports")
    input_sha256 = models.CharField(max_length=64)
    software = models.CharField(max_length=120)
    seed = models.BigIntegerField()
    is_interim = models.BooleanField()
    content = models.JSONField()
    created_at = models.DateTimeField(default=timezone.now)

    objects = Reports.as_manager()

    class Meta:
        verbose_name = _("report")
        verbose_name_plural = _("reports")
        constraints = [
            models.UniqueConstraint(
                fields=["study", "input_sha256", "software", "is_interim"],
                name="analysis_one_report_per_input",
            )
        ]

    def __str__(self) -> str:
        return f"report of {self.study}"

    @property
    def short_name(self) -> str:
        """How a person can name the report: the beginning of its input's hash."""
        return f"report {self.input_sha256[:12]}"


class InterimLooks(models.QuerySet["InterimLook"]):
    def of(self, study: Study) -> InterimLooks:
        """The looks at this study's results in order, with who looked and at which report."""
        return self.filter(report__study=study).select_related("by", "report").order_by("number")


class InterimLook(models.Model):
    """One look at results before the data were locked: the n-th of the study. Append-only.

    The same person looking again at the same numbers is the same look. `view` says which part was looked at, empty for
    the whole report.
    """

    study = models.ForeignKey(Study, on_delete=models.PROTECT, related_name="interim_looks", db_index=False)
    number = models.PositiveIntegerField(help_text="From 1 within the study.")
    report = models.ForeignKey(Report, on_delete=models.PROTECT, related_name="looks", db_index=False)
    view = models.CharField(max_length=400, blank=True)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField(default=timezone.now)

    objects = InterimLooks.as_manager()

    class Meta:
        verbose_name = _("interim look")
        verbose_name_plural = _("interim looks")
        constraints = [
            models.UniqueConstraint(fields=["study", "number"], name="analysis_looks_are_counted"),
            models.UniqueConstraint(
                fields=["report", "by", "view"], name="analysis_one_look_per_person_and_report"
            ),
            models.CheckConstraint(condition=models.Q(number__gte=1), name="analysis_looks_count_from_one"),
        ]

    def __str__(self) -> str:
        return f"look {self.number} at {self.report}"
