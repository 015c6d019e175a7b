"""What is done with a study as a whole, in the words of the audit page."""

from __future__ import annotations

from functools import partial
from typing import Any

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from readerstudy.audit.models import Event
from readerstudy.audit.sentences import register
from readerstudy.studies.actions.life import EMERGENCY
from readerstudy.studies.lifecycle import TABLE, Move, State


def _deed(move: Move, event: Event) -> str:
    """The deed with the state it led to, and why it was done where that is said."""
    told: dict[str, Any] = {"deed": move.label, "state": State(move.then).label}
    said = _("%(deed)s: the study is %(state)s") % told
    reason = event.data.get("reason")
    return f"{said} ({reason})" if reason else said


def _signed(event: Event) -> str:
    return _("%(name)s signed “%(deed)s”") % {"name": event.data["name"], "deed": name_of(event.data["deed"])}


def _refused(sentence: str | Promise, event: Event) -> str:
    return str(sentence) % {"deed": name_of(event.data["deed"])}


def _amended(event: Event) -> str:
    told = {"version": event.data["version"], "reason": event.data["reason"]}
    return _("Amended the protocol to version %(version)s (%(reason)s)") % told


def _unblinded(event: Event) -> str:
    told = {"case": event.data["case"], "reason": event.data["reason"]}
    return _("Broke the blind early, for: %(case)s (%(reason)s)") % told


def _copied(event: Event) -> str:
    return _("Copied the protocol of the study %(key)s") % {"key": event.data["from"]}


def name_of(deed: str) -> str:
    """What was signed, in words; a deed that is not of the study as a whole by its own name."""
    known = {str(move.deed): str(move.label) for move in TABLE}
    known |= {"amend": _("Amendment"), EMERGENCY: _("Breaking the blind early")}
    return known.get(deed, deed)


for _move in TABLE:
    register(_move.verb, partial(_deed, _move))
register("signature.give", _signed)
register(
    "signature.refuse",
    partial(_refused, gettext_lazy("A wrong password or code was given to sign “%(deed)s”")),
)
register(
    "signature.hold_off",
    partial(_refused, gettext_lazy("Signing “%(deed)s” was held off after too many wrong passwords")),
)
register("study.amend", _amended)
register("study.unblind_early", _unblinded)
register("study.copy", _copied)
