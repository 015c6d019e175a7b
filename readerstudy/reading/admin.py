"""Allocations, readings and ratings in the admin: to be read, never changed."""

from django.contrib import admin

from readerstudy.accounts.admin_base import ReadOnlyAdmin
from readerstudy.reading.models import (
    Adjudication,
    AllocatedOutput,
    Allocation,
    AllocationPlan,
    Background,
    ExitEvent,
    Passage,
    PracticeAttempt,
    PracticeRound,
    Rating,
    RatingEvent,
    ReaderSignature,
    Reading,
    Reminder,
    Session,
    Settlement,
)


@admin.register(AllocationPlan)
class AllocationPlanAdmin(ReadOnlyAdmin[AllocationPlan]):
    list_display = ("study", "algorithm", "seats", "created_at")
    exclude = ("seed",)


@admin.register(Allocation)
class AllocationAdmin(ReadOnlyAdmin[Allocation]):
    list_display = ("seat", "position", "case", "period", "key")
    list_select_related = ("seat__user", "case")
    show_full_result_count = False


@admin.register(AllocatedOutput)
class AllocatedOutputAdmin(ReadOnlyAdmin[AllocatedOutput]):
    list_display = ("allocation", "letter", "side", "arm")
    list_select_related = ("allocation__seat", "arm")
    show_full_result_count = False


@admin.register(Session)
class SessionAdmin(ReadOnlyAdmin[Session]):
    list_display = ("seat", "started_at", "last_seen_at", "ended_at")
    list_select_related = ("seat__user",)


@admin.register(Reading)
class ReadingAdmin(ReadOnlyAdmin[Reading]):
    list_display = ("allocation", "shown_at", "submitted_at")
    list_select_related = ("allocation__seat",)
    show_full_result_count = False


@admin.register(RatingEvent)
class RatingEventAdmin(ReadOnlyAdmin[RatingEvent]):
    list_display = ("at", "by", "criterion", "value", "cannot_judge", "protocol_version")
    list_filter = ("cannot_judge",)
    list_select_related = ("by", "criterion")
    show_full_result_count = False


@admin.register(Rating)
class RatingAdmin(ReadOnlyAdmin[Rating]):
    list_display = ("allocation", "output", "criterion", "part", "value", "cannot_judge", "at")
    list_select_related = ("allocation__seat", "output__allocation__seat", "criterion")
    show_full_result_count = False


@admin.register(ReaderSignature)
class ReaderSignatureAdmin(ReadOnlyAdmin[ReaderSignature]):
    list_display = ("seat", "act", "printed_name", "with_password", "at")
    list_select_related = ("seat__user",)


@admin.register(Background)
class BackgroundAdmin(ReadOnlyAdmin[Background]):
    list_display = ("seat", "answers", "at")
    list_select_related = ("seat__user",)


@admin.register(Passage)
class PassageAdmin(ReadOnlyAdmin[Passage]):
    list_display = ("seat", "part", "at")
    list_select_related = ("seat__user",)


@admin.register(PracticeAttempt)
class PracticeAttemptAdmin(ReadOnlyAdmin[PracticeAttempt]):
    list_display = ("allocation", "number", "agreed", "compared", "submitted_at")
    list_select_related = ("allocation__seat",)


@admin.register(PracticeRound)
class PracticeRoundAdmin(ReadOnlyAdmin[PracticeRound]):
    list_display = ("seat", "number", "agreed", "compared", "is_passed", "at")
    list_select_related = ("seat__user",)


@admin.register(ExitEvent)
class ExitEventAdmin(ReadOnlyAdmin[ExitEvent]):
    list_display = ("at", "seat", "criterion", "value", "cannot_judge")
    list_select_related = ("seat__user", "criterion")


@admin.register(Adjudication)
class AdjudicationAdmin(ReadOnlyAdmin[Adjudication]):
    list_display = ("case", "adjudicator", "opened_at", "ended_at", "ending")
    list_select_related = ("case", "adjudicator__user")


@admin.register(Settlement)
class SettlementAdmin(ReadOnlyAdmin[Settlement]):
    list_display = ("at", "by", "key", "part", "value", "cannot_judge")
    list_select_related = ("by",)


@admin.register(Reminder)
class ReminderAdmin(ReadOnlyAdmin[Reminder]):
    list_display = ("at", "seat", "left", "by")
    list_select_related = ("seat__user", "by")
