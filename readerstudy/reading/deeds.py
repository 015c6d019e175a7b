"""What readers do on their path, in the words of the audit page."""

from __future__ import annotations

from django.utils.translation import gettext as _

from readerstudy.audit.models import Event
from readerstudy.audit.sentences import register
from readerstudy.reading.models import Act


def _signed(event: Event) -> str:
    return _("Signed: %(act)s") % {"act": Act(event.data["act"]).label}


def _practised(event: Event) -> str:
    told = {"n": event.data["round"], "agreed": event.data["agreed"], "compared": event.data["compared"]}
    said = _("Ended round %(n)s of practice, %(agreed)s of %(compared)s answers as expected") % told
    return said + ": " + (_("passed") if event.data["passed"] else _("not passed"))


def _repeated(event: Event) -> str:
    return _("Began round %(n)s of practice") % {"n": event.data["round"]}


def _granted(event: Event) -> str:
    return _("Allowed %(reader)s one more round of practice") % {"reader": event.subject}


def _paused(event: Event) -> str:
    minutes = round(event.data["seconds"] / 60)
    return _("Was offered a pause after %(n)s cases and %(minutes)s minutes") % {
        "n": event.data["cases"],
        "minutes": minutes,
    }


def _refused(event: Event) -> str:
    told = {"reader": event.subject, "position": event.data["position"]}
    return _("Asked for case %(position)s of %(reader)s, which is somebody else's, and was refused") % told


register("reading.refuse", _refused)


def _opened(event: Event) -> str:
    return _("Opened what readers disagree about in case %(case)s") % {"case": event.data["case"]}


def _reassigned(event: Event) -> str:
    told = {"case": event.data["case"], "to": event.data["to"], "reason": event.data["reason"]}
    return _("Gave the disagreement in case %(case)s to %(to)s: %(reason)s") % told


def _closed(event: Event) -> str:
    told = {"case": event.data["case"], "reason": event.data["reason"]}
    return _("Closed the disagreement in case %(case)s without a settlement: %(reason)s") % told


register("adjudication.open", _opened)
register("adjudication.reassign", _reassigned)
register("adjudication.close", _closed)
register(
    "adjudication.answer",
    lambda event: _("Answered “%(key)s” to settle a disagreement") % {"key": event.data["criterion"]},
)
register(
    "adjudication.settle",
    lambda event: _("Settled what readers disagree about in case %(case)s") % {"case": event.data["case"]},
)
register("reader.remind", lambda event: _("Reminded %(reader)s by mail") % {"reader": event.subject})
register("reader.sign", _signed)
register("practice.end", _practised)
register("practice.repeat", _repeated)
register("practice.grant", _granted)
register("session.pause", _paused)
register("reader.tell", lambda _event: _("Told about themselves"))
register("tutorial.finish", lambda _event: _("Went through the tutorial"))
register(
    "exit.answer",
    lambda event: _("Answered “%(key)s” after the last case") % {"key": event.data["criterion"]},
)
register("exit.finish", lambda _event: _("Finished the questions after the last case"))
