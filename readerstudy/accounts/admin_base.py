"""How append-only records appear in the admin: to be read, never to be changed."""

from typing import Any, TypeVar

from django.contrib import admin
from django.db.models import Model
from django.http import HttpRequest

Record = TypeVar("Record", bound=Model)


class ReadOnlyAdmin(admin.ModelAdmin[Record]):
    """Lists and shows records; add, change and delete are refused for everybody."""

    def has_add_permission(self, request: HttpRequest, *args: Any) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Record | None = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Record | None = None) -> bool:
        return False
