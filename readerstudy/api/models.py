"""Keys for programs."""

from __future__ import annotations

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from readerstudy.studies.access import Access
from readerstudy.studies.models import Membership, Study


class Tokens(models.QuerySet["Token"]):
    def live(self) -> Tokens:
        """Tokens that open anything: not revoked, and their member is still in the study and may sign in."""
        return self.filter(revoked_at=None, membership__removed_at=None, membership__user__is_active=True)

    def seen_by(self, access: Access) -> Tokens:
        """The live tokens a person may see and revoke: the own ones; a coordinator those of the whole study."""
        tokens = self.live().filter(membership__study=access.study)
        if not access.coordinates:
            tokens = tokens.filter(membership__user=access.user)
        return tokens.select_related("membership__user").order_by("-pk")


class Token(models.Model):
    """A program's key to one study, with the rights of the membership it was made by. Only its hash is stored.

    PostgreSQL revokes the tokens of a membership that is removed, and never lets a revoked token come back.
    """

    membership = models.ForeignKey(Membership, on_delete=models.PROTECT, related_name="tokens")
    label = models.CharField(_("what it is for"), max_length=80)
    digest = models.CharField(max_length=64, unique=True, editable=False)
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    last_used_at = models.DateTimeField(null=True, editable=False)
    revoked_at = models.DateTimeField(null=True, editable=False)

    objects = Tokens.as_manager()

    class Meta:
        verbose_name = _("API token")
        verbose_name_plural = _("API tokens")
        constraints = [
            models.CheckConstraint(
                condition=models.Q(digest__regex="^[0-9a-f]{64}$"), name="api_only_the_hash_is_stored"
            )
        ]

    def __str__(self) -> str:
        return self.label

    @property
    def study(self) -> Study:
        return self.membership.study
