"""The parts of a protocol that have no rows of their own."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from typing import Any

from django.db import models
from django.utils.translation import gettext_lazy as _

from readerstudy.studies.models.study import Study, consent_hash

SECTIONS = (
    "study",
    "endpoints",
    "analysis",
    "strata",
    "cases",
    "display",
    "allocation",
    "phases",
    "adjudication",
    "blinding",
    "readers",
    "ethics",
    "texts",
)
"""The sections of a protocol file that are kept here; arms, prompts, criteria and refusals have rows or columns."""

LISTS = frozenset({"endpoints", "strata"})
"""Sections that are lists; all others are groups of names and values."""

COLUMNS: Mapping[str, Mapping[str, str]] = {
    "study": {"title": "title", "question": "question"},
    "cases": {"positive": "positive_label"},
    "display": {"boxes": "show_boxes"},
    "ethics": {"patient_data": "contains_patient_data"},
}
"""Fields of sections that are columns of the study: they are kept there alone, so that no two can disagree."""

TEXT_COLUMNS: Mapping[str, str] = {"instructions": "instructions", "consent": "consent_text"}
"""The same for the texts in the study's own language."""

USUAL_LANGUAGE = "en"


class Designs(models.QuerySet["Design"]):
    def of(self, study: Study) -> Design:
        """The study's design; an empty one, not stored, where nothing was said yet."""
        return self.filter(study=study).first() or Design(study=study)


class Design(models.Model):
    """How a study is designed, in the words of a protocol file: see `studies/protocol/schema.yaml`.

    `document` maps a section's name to its content in the file's form, without the fields that are columns of the
    study; read it by `section`, which has them. What is left out has the usual value. The lock freezes it.
    """

    study = models.OneToOneField(Study, on_delete=models.PROTECT, related_name="design")
    document = models.JSONField(default=dict, blank=True)

    objects = Designs.as_manager()

    class Meta:
        verbose_name = _("design")
        verbose_name_plural = _("designs")

    def __str__(self) -> str:
        return f"design of {self.study}"

    @property
    def language(self) -> str:
        """The code of the language in which the study's own texts are written."""
        return str(self.document.get("study", {}).get("language", USUAL_LANGUAGE))

    def section(self, name: str) -> Any:
        """The content of a section; an empty dict or list where nothing was said."""
        if name not in SECTIONS:
            raise KeyError(name)
        kept = self.document.get(name, [] if name in LISTS else {})
        if name == "texts":
            return self._texts(kept)
        return {**kept, **self._said(COLUMNS[name])} if name in COLUMNS else kept

    def said(self, name: str, language: str) -> tuple[Any, str]:
        """A text of the section `texts` for whoever speaks `language`, and the code of the language that it is in.

        Their own language goes before that of their region's, that before the study's own, and that before any other:
        what was said in one language alone is used for all. Nothing said anywhere is an empty text.
        """
        texts = self.section("texts")
        for code in dict.fromkeys((language, language.partition("-")[0], self.language, *sorted(texts))):
            if found := texts.get(code, {}).get(name):
                return found, code
        return "", self.language

    def _texts(self, kept: Mapping[str, Any]) -> dict[str, Any]:
        own = {**kept.get(self.language, {}), **self._said(TEXT_COLUMNS)}
        return {**kept, self.language: own} if own else dict(kept)

    def _said(self, columns: Mapping[str, str]) -> dict[str, Any]:
        """The columns' values by the names that they have in a file; texts that are empty are not said."""
        found = {name: getattr(self.study, column) for name, column in columns.items()}
        return {name: value for name, value in found.items() if value != "" or name == "question"}


def other_consents(study: Study) -> frozenset[str]:
    """The hashes of the consent text in the languages that are not the study's own.

    Read once by each process while the protocol is locked: an amendment is a new version.
    """
    if not study.manifest_sha256:
        return _consents_of(study.pk)
    return _kept_consents(study.pk, study.manifest_sha256, study.protocol_version)


@lru_cache(maxsize=256)
def _kept_consents(study_id: int, _manifest_sha256: str, _version: int) -> frozenset[str]:
    return _consents_of(study_id)


def _consents_of(study_id: int) -> frozenset[str]:
    document = Design.objects.filter(study=study_id).values_list("document", flat=True).first() or {}
    said = (section.get("consent", "") for section in document.get("texts", {}).values())
    return frozenset(consent_hash(text) for text in said if text)
