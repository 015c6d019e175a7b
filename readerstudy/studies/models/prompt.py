"""What models are told, in versions that never change."""

from __future__ import annotations

from collections.abc import Iterable

from django.conf import settings
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from readerstudy.providers.prompts import Prompt
from readerstudy.studies.models.study import Study


class PromptVersions(models.QuerySet["PromptVersion"]):
    def of(self, study: Study) -> PromptVersions:
        """The study's versions, by prompt, newest first."""
        return self.filter(study=study).order_by("name", "-number")

    def newest(self, study: Study) -> PromptVersions:
        """The newest version of each of the study's prompts."""
        return self.of(study).distinct("name")

    def in_use(self, study: Study) -> PromptVersions:
        """Versions that an arm has, and the newest of each prompt."""
        newest = self.newest(study).values("pk")
        return self.of(study).filter(models.Q(pk__in=newest) | models.Q(arms__isnull=False)).distinct()

    def naming(self, codes: Iterable[str]) -> PromptVersions:
        """Versions with one of these cases among their examples."""
        named = models.Q(pk__in=[])
        for code in codes:
            named |= models.Q(document__examples__contains=[{"case": code}])
        return self.filter(named)


class PromptVersion(models.Model):
    """One state of a prompt. Append-only: a change is a new version with its parent and a note."""

    study = models.ForeignKey(Study, on_delete=models.PROTECT, related_name="prompt_versions")
    name = models.CharField(_("prompt"), max_length=80)
    number = models.PositiveIntegerField(_("version"))
    parent = models.ForeignKey("self", on_delete=models.PROTECT, null=True, related_name="children")
    note = models.CharField(_("what changed"), max_length=200, blank=True)
    document = models.JSONField(help_text="The blocks, as `providers.prompts.Prompt` writes them.")
    sha256 = models.CharField(max_length=64)
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    created_at = models.DateTimeField(default=timezone.now)

    objects = PromptVersions.as_manager()

    class Meta:
        verbose_name = _("prompt version")
        verbose_name_plural = _("prompt versions")
        constraints = [
            models.UniqueConstraint(
                fields=["study", "name", "number"], name="studies_prompt_versions_are_numbered"
            ),
            models.CheckConstraint(condition=~models.Q(name=""), name="studies_a_prompt_has_a_name"),
        ]

    def __str__(self) -> str:
        return f"{self.name} ({self.number})"

    @property
    def prompt(self) -> Prompt:
        return Prompt.from_json(self.document)
