from django.contrib import admin

from readerstudy.accounts.admin_base import ReadOnlyAdmin
from readerstudy.audit.models import Event


@admin.register(Event)
class EventAdmin(ReadOnlyAdmin[Event]):
    list_display = ("at", "stream", "position", "actor", "verb", "subject")
    list_filter = ("verb",)
    search_fields = ("stream", "subject")
    list_select_related = ("actor",)
    show_full_result_count = False
