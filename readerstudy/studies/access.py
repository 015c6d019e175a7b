"""The one gate to a study: what nobody passes here, nobody sees. Strangers get 404, not 403."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest
from django.utils.translation import gettext_lazy as _

from readerstudy.accounts.models import User
from readerstudy.accounts.people import signed_in
from readerstudy.studies.lifecycle import State
from readerstudy.studies.models import Design, Membership, Role, Study
from readerstudy.studies.policies import can_change_data
from readerstudy.studies.stations import Look

READING = frozenset({"GET", "HEAD", "OPTIONS"})
ARCHIVED = _("This study is archived. It can be read and exported, and nothing in it can be changed.")


@dataclass(frozen=True)
class Access:
    """A person inside a study: who, where, and in which roles."""

    user: User
    study: Study
    memberships: tuple[Membership, ...]

    @property
    def roles(self) -> frozenset[str]:
        return frozenset(membership.role for membership in self.memberships)

    @property
    def coordinates(self) -> bool:
        return Role.COORDINATOR in self.roles

    @cached_property
    def look(self) -> Look:
        """What the stations say, for the whole of this request; a page and its navigation share it."""
        return Look(self.study)


def access_study(request: HttpRequest, key: str, *roles: Role) -> Access:
    """The study `key` if the signed-in person has one of `roles` in it (any role when none is named).

    Raises `Http404` otherwise, so that a study's existence stays unknown to outsiders, and `PermissionDenied` for
    whatever would change an archived study.
    """
    user = signed_in(request)
    found = tuple(
        Membership.objects.present()
        .filter(study__key=key, user=user)
        .select_related("study")
        .order_by("role")
    )
    if not found or (roles and not {membership.role for membership in found} & set(roles)):
        raise Http404
    if found[0].study.state == State.ARCHIVED and request.method not in READING:
        raise PermissionDenied(ARCHIVED)
    return Access(user=user, study=found[0].study, memberships=found)


def access_results(request: HttpRequest, key: str, *roles: Role) -> Access:
    """As `access_study`, for pages that show results: who settles disagreements sees none before the data are locked.

    So it is where the protocol has disagreements settled at all, and for people who have no other of the roles.
    """
    access = access_study(request, key, *roles)
    settles_only = access.roles & set(roles) == {Role.ADJUDICATOR} and can_change_data(access.study)
    if settles_only and Design.objects.of(access.study).section("adjudication"):
        raise Http404
    return access


def access_adjudicator(request: HttpRequest, key: str) -> Membership:
    """The membership by which the signed-in person settles disagreements in the study `key`, or `Http404`."""
    access = access_study(request, key, Role.ADJUDICATOR)
    return next(membership for membership in access.memberships if membership.role == Role.ADJUDICATOR)


def access_seat(request: HttpRequest, key: str) -> Membership:
    """The reader's own membership in the study `key`, or `Http404`."""
    access = access_study(request, key, Role.READER)
    return next(membership for membership in access.memberships if membership.role == Role.READER)
