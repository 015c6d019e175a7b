"""Studies and reports in the site's admin, read-only.

A study's page shows the scores and the agreement of its newest report: the very tables of the report's own page.
"""

from __future__ import annotations

from dataclasses import replace

from django.contrib import admin
from django.http import HttpRequest
from django.template.loader import render_to_string
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from readerstudy.accounts.admin_base import ReadOnlyAdmin
from readerstudy.analysis.document import Section, document_of
from readerstudy.analysis.models import Report
from readerstudy.studies.models import Study


@admin.register(Study)
class StudyAdmin(ReadOnlyAdmin[Study]):
    """The seed stays out: whoever knows it can tell the arms apart."""

    list_display = ("title", "key", "state", "protocol_version", "created_by", "created_at")
    list_filter = ("state", "is_demo")
    list_select_related = ("created_by",)
    search_fields = ("title", "key")
    fieldsets = (
        (None, {"fields": ("title", "key", "question", "state", "is_demo", "created_by", "created_at")}),
        (
            gettext_lazy("Protocol"),
            {
                "fields": (
                    *("protocol_version", "manifest_sha256", "locked_at", "refusal_policy", "positive_label"),
                    *("instructions", "consent_text"),
                )
            },
        ),
        (gettext_lazy("Newest report"), {"fields": ("report_rests_on", "scores", "agreement")}),
    )
    readonly_fields = ("report_rests_on", "scores", "agreement")

    def get_readonly_fields(self, request: HttpRequest, obj: Study | None = None) -> list[str]:
        names = [name for _title, options in self.fieldsets for name in options["fields"]]
        return [str(name) for name in names]

    @admin.display(description=gettext_lazy("rests on"))
    def report_rests_on(self, study: Study) -> SafeString:
        return _rendered(study, "facts")

    @admin.display(description=gettext_lazy("alignment scores"))
    def scores(self, study: Study) -> SafeString:
        return _rendered(study, "scores")

    @admin.display(description=gettext_lazy("agreement"))
    def agreement(self, study: Study) -> SafeString:
        return _rendered(study, "agreement")


@admin.register(Report)
class ReportAdmin(ReadOnlyAdmin[Report]):
    list_display = ("study", "created_at", "is_interim", "input_sha256", "software")
    list_filter = ("is_interim",)
    list_select_related = ("study",)
    search_fields = ("study__title", "study__key", "input_sha256")


def _rendered(study: Study, part: str) -> SafeString:
    """One part of the newest report, by the template that takes it; a sentence where there is no report."""
    report = Report.objects.newest(study)
    if report is None:
        return SafeString(_("No report has been computed for this study yet."))
    document = document_of(report.content)
    sections = [_part(section, part) for section in document.sections if section.slug.startswith("question-")]
    context = {"report": report, "document": document, "part": part, "sections": sections}
    return render_to_string("analysis/admin_report.html", context)


def _part(section: Section, part: str) -> Section:
    """The question's own tables, or those of its agreement, under the question's heading."""
    if part != "agreement":
        return section
    inner = [table for each in section.inner if each.slug.startswith("agreement-") for table in each.tables]
    return replace(section, tables=tuple(inner))
