"""Outputs and their calls in the site's admin, read-only: outputs are append-only, the queue belongs to its workers."""

from django.contrib import admin

from readerstudy.accounts.admin_base import ReadOnlyAdmin
from readerstudy.generation.models import (
    Attempt,
    Generation,
    Hold,
    Interpretation,
    RecordedOutput,
    RefusalVerdict,
    VendorPause,
)


@admin.register(Generation)
class GenerationAdmin(ReadOnlyAdmin[Generation]):
    list_display = ("pk", "arm", "case", "replicate", "stage", "due_at", "claims", "finished_at", "failure")
    list_filter = ("stage",)
    list_select_related = ("arm", "case")
    search_fields = ("arm__study__key", "case__code")
    show_full_result_count = False


@admin.register(Attempt)
class AttemptAdmin(ReadOnlyAdmin[Attempt]):
    list_display = (
        "key",
        "generation",
        "number",
        "started_at",
        "outcome",
        "error_code",
        "is_possibly_paid",
        "seconds",
    )
    list_filter = ("outcome", "error_code", "is_possibly_paid")
    list_select_related = ("generation__arm", "generation__case")
    search_fields = ("key", "request_id", "generation__arm__study__key")
    show_full_result_count = False


@admin.register(Interpretation)
class InterpretationAdmin(ReadOnlyAdmin[Interpretation]):
    list_display = ("pk", "generation", "sha256", "created_at")
    list_select_related = ("generation__arm", "generation__case")
    search_fields = ("sha256", "generation__arm__study__key")
    show_full_result_count = False


@admin.register(RefusalVerdict)
class RefusalVerdictAdmin(ReadOnlyAdmin[RefusalVerdict]):
    list_display = ("interpretation", "verdict", "declined", "signal", "by", "created_at")
    list_filter = ("verdict", "declined")
    list_select_related = ("interpretation__generation__arm", "interpretation__generation__case", "by")
    show_full_result_count = False


@admin.register(RecordedOutput)
class RecordedOutputAdmin(ReadOnlyAdmin[RecordedOutput]):
    list_display = ("arm", "case", "model", "finish_reason", "imported_at")
    list_select_related = ("arm", "case")
    show_full_result_count = False


@admin.register(Hold)
class HoldAdmin(ReadOnlyAdmin[Hold]):
    list_display = ("study", "by", "at", "ended_at")
    list_select_related = ("study", "by")


@admin.register(VendorPause)
class VendorPauseAdmin(ReadOnlyAdmin[VendorPause]):
    list_display = ("connection", "until")
