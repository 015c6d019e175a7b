"""The parts of a protocol that have no rows of their own."""

from __future__ import annotations

from typing import Any

from django.db import models
from django.utils.translation import gettext_lazy as _

from readerstudy.studies.models.study import Study

SECTIONS = (
    "study",
    "endpoints",
    "analysis",
    "strata",
    "cases",
    "display",
    "allocation",
    "phases",
    "blinding",
    "readers",
    "ethics",
    "texts",
)
"""The sections of a protocol file that are kept here; arms, prompts, criteria and refusals have rows or columns."""


class Designs(models.QuerySet["Design"]):
    def of(self, study: Study) -> Design:
        """The study's design; an empty one, not stored, where nothing was said yet."""
        return self.filter(study=study).first() or Design(study=study)


class Design(models.Model):
    """How a study is designed, in the words of a protocol file: see `studies/protocol/schema.yaml`.

    `document` maps a section's name to its content in the file's form; what is left out has the usual value. The lock
    freezes it.
    """

    study = models.OneToOneField(Study, on_delete=models.PROTECT, related_name="design")
    document = models.JSONField(default=dict, blank=True)

    objects = Designs.as_manager()

    class Meta:
        verbose_name = _("design")
        verbose_name_plural = _("designs")

    def __str__(self) -> str:
        return f"design of {self.study}"

    def section(self, name: str) -> Any:
        """The content of a section; an empty dict or list where nothing was said."""
        if name not in SECTIONS:
            raise KeyError(name)
        return self.document.get(name, [] if name in ("endpoints", "strata") else {})
