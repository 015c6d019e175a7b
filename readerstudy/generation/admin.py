"""Outputs and their calls in the site's admin, read-only: outputs are append-only, the queue belongs to its workers."""

from typing import Any

from django import forms
from django.conf import settings
from django.contrib import admin
from django.http import HttpRequest

from readerstudy.accounts.admin_base import ReadOnlyAdmin
from readerstudy.accounts.people import signed_in
from readerstudy.generation.actions import set_limits
from readerstudy.generation.models import (
    Attempt,
    Batch,
    Budget,
    Gate,
    Generation,
    Hold,
    Interpretation,
    Price,
    RecordedOutput,
    RefusalVerdict,
    VendorCard,
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
    list_display = ("arm", "case", "replicate", "model", "finish_reason", "by", "imported_at", "file_sha256")
    list_select_related = ("arm", "case", "by")
    show_full_result_count = False


@admin.register(Hold)
class HoldAdmin(ReadOnlyAdmin[Hold]):
    list_display = ("study", "by", "at", "ended_at")
    list_select_related = ("study", "by")


@admin.register(VendorPause)
class VendorPauseAdmin(ReadOnlyAdmin[VendorPause]):
    list_display = ("connection", "until")


class GateForm(forms.ModelForm[Gate]):
    connection = forms.ChoiceField(label=Gate._meta.get_field("connection").verbose_name)

    class Meta:
        model = Gate
        fields = ["connection", "requests_per_minute", "tokens_per_minute", "calls_at_once"]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        offers = {name: offer.label for name, offer in settings.CONNECTIONS.items()}
        if self.instance.pk:
            offers = {
                self.instance.connection: offers.get(self.instance.connection, self.instance.connection)
            }
        self.fields["connection"].choices = list(offers.items())  # type: ignore[attr-defined]  # a ChoiceField
        for name in ("requests_per_minute", "tokens_per_minute", "calls_at_once"):
            self.fields[name].min_value = 1  # type: ignore[attr-defined]  # an IntegerField


@admin.register(Gate)
class GateAdmin(admin.ModelAdmin[Gate]):
    """The limits of a provider: staff change them here, through the action that leaves a trace."""

    form = GateForm
    list_display = ("connection", "requests_per_minute", "tokens_per_minute", "calls_at_once")

    def has_delete_permission(self, request: HttpRequest, obj: Gate | None = None) -> bool:
        return False

    def save_model(self, request: HttpRequest, obj: Gate, form: Any, change: bool) -> None:
        gate = set_limits(**form.cleaned_data, by=signed_in(request))
        obj.pk = gate.pk


@admin.register(Price)
class PriceAdmin(ReadOnlyAdmin[Price]):
    list_display = (
        "study",
        "connection",
        "model",
        "currency",
        "input_per_million",
        "output_per_million",
        "at",
    )
    list_select_related = ("study",)


@admin.register(Budget)
class BudgetAdmin(ReadOnlyAdmin[Budget]):
    list_display = ("study", "money", "currency", "tokens", "by", "at")
    list_select_related = ("study", "by")


@admin.register(Batch)
class BatchAdmin(ReadOnlyAdmin[Batch]):
    list_display = (
        "key",
        "study",
        "connection",
        "state",
        "native",
        "total",
        "completed",
        "failed",
        "created_at",
    )
    list_filter = ("state",)
    list_select_related = ("study",)


@admin.register(VendorCard)
class VendorCardAdmin(ReadOnlyAdmin[VendorCard]):
    list_display = (
        "connection",
        "number",
        "agreement",
        "region",
        "expires_on",
        "allows_patient_data",
        "entered_by",
    )
    list_filter = ("connection",)
    list_select_related = ("entered_by",)
