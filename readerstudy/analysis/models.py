"""Frozen analyses."""

from __future__ import annotations

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
