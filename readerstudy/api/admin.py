"""Tokens in the site's admin: who has which, never the token itself."""

from django.contrib import admin

from readerstudy.accounts.admin_base import ReadOnlyAdmin
from readerstudy.api.models import Token


@admin.register(Token)
class TokenAdmin(ReadOnlyAdmin[Token]):
    list_display = ("label", "membership", "created_at", "last_used_at", "revoked_at")
    list_select_related = ("membership__user", "membership__study")
    fields = ("label", "membership", "created_at", "last_used_at", "revoked_at")
