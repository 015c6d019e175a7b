"""Uploads, cases and images in the site's admin, read-only.

Original file names are for the study's coordinators; site staff do not see them here.
"""

from django.contrib import admin

from readerstudy.accounts.admin_base import ReadOnlyAdmin
from readerstudy.cases.models import Case, Image, ImageSet, ImageTerms, ReferenceStandard, Rendition, Upload


@admin.register(ImageSet)
class ImageSetAdmin(ReadOnlyAdmin[ImageSet]):
    list_display = ("study", "name", "receives", "created_by", "created_at")
    list_select_related = ("study", "created_by")


@admin.register(ImageTerms)
class ImageTermsAdmin(ReadOnlyAdmin[ImageTerms]):
    list_display = ("image_set", "number", "recipients", "source", "expires_on", "stated_by", "stated_at")
    list_select_related = ("image_set", "stated_by")


@admin.register(Upload)
class UploadAdmin(ReadOnlyAdmin[Upload]):
    list_display = ("pk", "image_set", "size", "fate", "reason_code", "tries", "received_at", "finished_at")
    list_filter = ("fate", "reason_code")
    exclude = ("original_name",)
    show_full_result_count = False


@admin.register(Case)
class CaseAdmin(ReadOnlyAdmin[Case]):
    list_display = ("study", "code", "position", "strata", "left_out_at", "left_out_by")
    list_select_related = ("study", "left_out_by")
    search_fields = ("code", "study__title")


@admin.register(ReferenceStandard)
class ReferenceStandardAdmin(ReadOnlyAdmin[ReferenceStandard]):
    list_display = ("study", "case", "short")
    list_select_related = ("study", "case")


@admin.register(Image)
class ImageAdmin(ReadOnlyAdmin[Image]):
    list_display = ("key", "case", "slot", "confirmed_at", "confirmed_by")
    list_select_related = ("case", "confirmed_by")


@admin.register(Rendition)
class RenditionAdmin(ReadOnlyAdmin[Rendition]):
    list_display = ("image", "kind", "frame", "mime", "width", "height", "size", "sha256")
    list_filter = ("kind",)
    list_select_related = ("image__case",)
    show_full_result_count = False
