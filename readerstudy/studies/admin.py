"""Studies in the site's admin, read-only: a protocol changes through its console, which audits."""

from django.contrib import admin

from readerstudy.accounts.admin_base import ReadOnlyAdmin
from readerstudy.studies.models import (
    Arm,
    Criterion,
    Membership,
    ProtocolVersion,
    Rubric,
    Signature,
    Unblinding,
)


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


@admin.register(Signature)
class SignatureAdmin(ReadOnlyAdmin[Signature]):
    list_display = ("study", "at", "printed_name", "meaning", "deed", "by", "with_second_factor")
    list_filter = ("deed",)
    list_select_related = ("study", "by")


@admin.register(ProtocolVersion)
class ProtocolVersionAdmin(ReadOnlyAdmin[ProtocolVersion]):
    list_display = ("study", "number", "kind", "at", "by", "manifest_sha256")
    list_filter = ("kind",)
    list_select_related = ("study", "by")


@admin.register(Unblinding)
class UnblindingAdmin(ReadOnlyAdmin[Unblinding]):
    list_display = ("study", "case_code", "is_planned", "at", "by")
    list_filter = ("is_planned",)
    list_select_related = ("study", "by")
