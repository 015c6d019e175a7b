"""What readers get to see of an output: rules of form for the whole study, words taken out by hand, and the result."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from readerstudy.generation.models.outputs import Interpretation
from readerstudy.studies.models import Study


class TextRules(models.Model):
    """One state of a study's rules for the form of texts. Append-only; where there is none, the usual rules hold."""

    study = models.ForeignKey(Study, on_delete=models.PROTECT, related_name="text_rules")
    number = models.PositiveIntegerField()
    document = models.JSONField(help_text="The switches, as `providers.texts.Rules` writes them.")
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    created_at = models.DateTimeField(default=timezone.now)

    class Meta:
        verbose_name = _("rules for texts")
        verbose_name_plural = _("rules for texts")
        constraints = [
            models.UniqueConstraint(fields=["study", "number"], name="generation_text_rules_are_numbered")
        ]

    def __str__(self) -> str:
        return f"rules {self.number} of {self.study}"


class Redactions(models.QuerySet["Redaction"]):
    def standing(self) -> Redactions:
        """The newest word on each phrase of each text, where that hides it."""
        newest = self.order_by("interpretation", "words", "-pk").distinct("interpretation", "words")
        return Redaction.objects.filter(pk__in=newest.values("pk"), hides=True).order_by("pk")


class Redaction(models.Model):
    """Words that a person takes out of one text, or puts back. Append-only; the newest row on the same words holds."""

    interpretation = models.ForeignKey(Interpretation, on_delete=models.PROTECT, related_name="redactions")
    words = models.CharField(max_length=400)
    hides = models.BooleanField(default=True)
    reason = models.CharField(max_length=200)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField(default=timezone.now)

    objects = Redactions.as_manager()

    class Meta:
        verbose_name = _("redaction")
        verbose_name_plural = _("redactions")
        constraints = [
            models.CheckConstraint(
                condition=~models.Q(words="") & ~models.Q(reason=""),
                name="generation_a_redaction_has_words_and_a_reason",
            )
        ]

    def __str__(self) -> str:
        return f"redaction in {self.interpretation}"


class ShownTexts(models.QuerySet["ShownText"]):
    def newest(self) -> ShownTexts:
        """The last stored version of each interpretation."""
        return self.order_by("interpretation", "-version").distinct("interpretation")


class ShownText(models.Model):
    """A version of an output's text in the form in which readers see it. Append-only; the raw text stays beside it."""

    interpretation = models.ForeignKey(Interpretation, on_delete=models.PROTECT, related_name="shown_texts")
    version = models.PositiveIntegerField()
    text = models.TextField(blank=True)
    sha256 = models.CharField(max_length=64)
    rules = models.PositiveIntegerField(help_text="Number of the study's rules; 0 for the usual ones.")
    redacted = models.PositiveIntegerField(default=0, help_text="Phrases taken out by hand.")
    created_at = models.DateTimeField(default=timezone.now)

    objects = ShownTexts.as_manager()

    class Meta:
        verbose_name = _("shown text")
        verbose_name_plural = _("shown texts")
        constraints = [
            models.UniqueConstraint(
                fields=["interpretation", "version"], name="generation_shown_texts_are_numbered"
            )
        ]

    def __str__(self) -> str:
        return f"version {self.version} of {self.interpretation}"
