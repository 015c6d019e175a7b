"""Studies in the site's admin, read-only: a protocol changes through its console, which audits."""

from django.contrib import admin

from readerstudy.accounts.admin_base import ReadOnlyAdmin
from readerstudy.studies.models import Arm, Criterion, Membership, Rubric


@admin.register(Arm)
class ArmAdmin(ReadOnlyAdmin[Arm]):
    list_display = ("study", "position", "name", "kind", "connection", "model", "is_simulated")
    list_filter = ("kind", "is_simulated")


@admin.register(Rubric)
class RubricAdmin(ReadOnlyAdmin[Rubric]):
    list_display = ("study", "version", "created_at")


@admin.register(Criterion)
class CriterionAdmin(ReadOnlyAdmin[Criterion]):
    list_display = ("rubric", "position", "key", "kind", "question", "direction", "acceptable_from")
    list_filter = ("kind",)


@admin.register(Membership)
class MembershipAdmin(ReadOnlyAdmin[Membership]):
    list_display = ("study", "user", "role", "seat", "added_at", "consented_at", "removed_at")
    list_filter = ("role",)
    list_select_related = ("study", "user")
