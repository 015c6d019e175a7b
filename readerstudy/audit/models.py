"""The audit trail.

Events form chains, one for each *stream* (a study's coordinators, or one reader of one study), so that sixty-four
readers need not queue behind one lock. PostgreSQL itself numbers and hashes each new event and refuses every update,
delete and truncate (see the first migration). A *seal* is an event in the site's own stream that names the last hash
of every other stream: from then on a stream cannot lose its end unnoticed either.
"""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

SITE_STREAM = "site"


class Events(models.QuerySet["Event"]):
    def of_study(self, study_id: int) -> Events:
        """Events of a study's coordinators and of its readers."""
        return self.filter(
            models.Q(stream=f"study/{study_id}") | models.Q(stream__startswith=f"study/{study_id}/")
        )


class Event(models.Model):
    """One deed. `position`, `previous` and `digest` are written by PostgreSQL, never by us."""

    stream = models.CharField(_("stream"), max_length=80)
    position = models.BigIntegerField(_("position"), editable=False, default=0)
    at = models.DateTimeField(_("when"), db_default=models.functions.Now(), editable=False)
    actor = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+", verbose_name=_("who")
    )
    verb = models.CharField(_("deed"), max_length=60)
    subject = models.CharField(_("on what"), max_length=120)
    data = models.JSONField(_("details"), default=dict)
    previous = models.CharField(max_length=64, editable=False, default="")
    digest = models.CharField(max_length=64, editable=False, default="")

    objects = Events.as_manager()

    class Meta:
        verbose_name = _("audit event")
        verbose_name_plural = _("audit events")
        constraints = [
            models.UniqueConstraint(fields=["stream", "position"], name="audit_one_event_per_position")
        ]

    def __str__(self) -> str:
        return f"{self.stream} {self.position}: {self.verb}"
