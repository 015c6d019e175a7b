"""The API's place in a study's console."""

from __future__ import annotations

from django.utils.translation import gettext_lazy

from readerstudy.studies.models import Role
from readerstudy.studies.stations import Station, register

register(Station(85, gettext_lazy("API"), "api:tokens", roles=frozenset({Role.COORDINATOR, Role.RESEARCHER})))
