"""What a report says of its blinding and of the signature under its protocol."""

from __future__ import annotations

from datetime import UTC, datetime

from django.utils.formats import date_format
from django.utils.translation import gettext as _

from readerstudy.analysis.estimates.plain import Content
from readerstudy.studies.models import Meaning

NAMED: Content = {"is_blinded": False, "simulated": 0, "recorded": 0, "early": []}
"""What holds for reports that were frozen before there was a blind."""


def line(content: Content) -> str:
    """Whether the arms stand under codes or under their names."""
    if of(content)["is_blinded"]:
        return _("Blinded: the arms stand under codes, in an order drawn from the study's seed.")
    return _("Unblinded: the arms stand under their own names.")


def early(content: Content) -> str:
    """Each time that the blind was broken before the data were locked, and why; empty where it never was."""
    return " ".join(_told(each) for each in of(content)["early"])


def _told(each: Content) -> str:
    said = {"case": each["case"], "at": moment(each["at"]), "why": each["reason"].rstrip(".")}
    if each["case"]:
        return _("The arms of case %(case)s were made known on %(at)s: %(why)s.") % said
    return _("The arms of all cases were made known on %(at)s: %(why)s.") % said


def some(content: Content, nature: str, sentence: str) -> str:
    """How many arms are of this nature, where the blind forbids to say which; else empty."""
    found = of(content)
    if not found["is_blinded"] or not found[nature]:
        return ""
    return sentence % {"n": found[nature], "all": len(content["arms"])}


def signed(content: Content) -> str:
    """Who signed the protocol, as what and when; that nobody did where it is locked without a signature."""
    signature = content["study"].get("signature")
    if signature is None:
        return _("The protocol is not signed.")
    return _("%(name)s: “%(meaning)s”, %(at)s") % {
        "name": signature["name"],
        "meaning": Meaning(signature["meaning"]).label,
        "at": moment(signature["at"]),
    }


def of(content: Content) -> Content:
    found: Content = content.get("blinding", NAMED)
    return found


def moment(told: str) -> str:
    """A time in UTC, in words."""
    return date_format(datetime.fromisoformat(told).astimezone(UTC), "j M Y, H:i") + " UTC"
