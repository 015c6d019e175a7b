"""Accounts in the site's admin."""

from django.contrib import admin
from django.contrib.auth.admin import UserAdmin
from django.contrib.auth.forms import AdminUserCreationForm
from django.utils.translation import gettext_lazy as _

from readerstudy.accounts.admin_base import ReadOnlyAdmin
from readerstudy.accounts.models import Invitation, ReaderProfile, User


class AccountCreationForm(AdminUserCreationForm[User]):
    class Meta:
        model = User
        fields = ("email", "name")


@admin.register(User)
class AccountAdmin(UserAdmin[User]):
    ordering = ("email",)
    list_display = ("email", "name", "is_active", "is_staff", "is_simulated", "last_login")
    list_filter = ("is_active", "is_staff", "is_simulated")
    search_fields = ("email", "name")
    readonly_fields = ("created_at", "last_login", "is_simulated")
    fieldsets = (
        (None, {"fields": ("email", "name", "password")}),
        (_("Site"), {"fields": ("is_active", "is_staff", "is_superuser", "is_simulated")}),
        (_("Dates"), {"fields": ("created_at", "last_login")}),
    )
    add_form = AccountCreationForm
    filter_horizontal = ()
    add_fieldsets = (
        (
            None,
            {"classes": ("wide",), "fields": ("email", "name", "usable_password", "password1", "password2")},
        ),
    )

    def has_delete_permission(self, request: object, obj: object = None) -> bool:
        """People leave by being made inactive; what they did keeps its author."""
        return False


@admin.register(ReaderProfile)
class ReaderProfileAdmin(ReadOnlyAdmin[ReaderProfile]):
    list_display = ("user", "specialty", "years_experience", "updated_at")


@admin.register(Invitation)
class InvitationAdmin(ReadOnlyAdmin[Invitation]):
    list_display = ("user", "invited_by", "created_at", "expires_at", "accepted_at", "revoked_at")
