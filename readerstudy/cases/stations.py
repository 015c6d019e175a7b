"""The Images station: what came in, and what still stands between the images and the study's start."""

from __future__ import annotations

from django.db.models import Count, Q
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from readerstudy.cases.models import Case, Image, ImageRules, Purpose, Upload, rules_of
from readerstudy.cases.normal_sets import progress
from readerstudy.cases.tells import tells_of
from readerstudy.cases.terms import look_at_terms
from readerstudy.studies.models import Study
from readerstudy.studies.policies import can_change_protocol
from readerstudy.studies.stations import Findings, Line, Sign, Station, register


def _look_at_images(study: Study) -> Findings:
    cases, rules = Case.objects.of(study).count(), rules_of(study)
    looks = (
        _look_for_any(study, Case.objects.of(study).filter(images__isnull=False).distinct().count()),
        _without_image(study),
        _set_apart(study),
        _waiting(study),
        _unconfirmed(study),
        _normalised(study, rules),
        _refused(study),
        _unlabelled(study),
        _given_away(study, rules),
    )
    lines = [line for line in looks if line is not None]
    return Findings(str(cases), (*lines, *look_at_terms(study)))


def _without_image(study: Study) -> Line | None:
    """Cases that a protocol file names and whose files are not here yet."""
    count = Case.objects.read(study).filter(images=None).count()
    if not count:
        return None
    text = ngettext(
        "%(n)d case of the protocol has no image yet.",
        "%(n)d cases of the protocol have no image yet.",
        count,
    )
    return Line(Sign.BAD, text % {"n": count}, _("Add images"), _page(study))


def _look_for_any(study: Study, cases: int) -> Line:
    if cases:
        text = ngettext("%(n)d case has its images", "%(n)d cases have their images", cases)
        return Line(Sign.OK, text % {"n": cases})
    if Case.objects.kept(study).exists():
        text = _("Every case is set apart for prompts, so there is none to read.")
        return Line(
            Sign.BAD, text, _("See what the cases are for"), reverse("cases:purposes", args=[study.key])
        )
    return Line(Sign.BAD, _("No image is here yet."), _("Add images"), _page(study))


def _set_apart(study: Study) -> Line | None:
    told = Case.objects.kept(study).aggregate(
        examples=Count("pk", filter=Q(purpose=Purpose.EXAMPLE)),
        validation=Count("pk", filter=Q(purpose=Purpose.VALIDATION)),
    )
    if not any(told.values()):
        return None
    text = _("Set apart for prompts: examples %(examples)d, validation cases %(validation)d")
    return Line(
        Sign.OK, text % told, _("See what the cases are for"), reverse("cases:purposes", args=[study.key])
    )


def _waiting(study: Study) -> Line | None:
    count = Upload.objects.of(study).unfinished().count()
    if not count:
        return None
    text = ngettext(
        "%(n)d file is still being rendered; it belongs to no case yet.",
        "%(n)d files are still being rendered; they belong to no case yet.",
        count,
    )
    return Line(Sign.BAD, text % {"n": count}, _("See the files"), reverse("cases:fates", args=[study.key]))


def _unconfirmed(study: Study) -> Line | None:
    count = Image.objects.of(study).unconfirmed().count()
    if not count:
        return None
    text = ngettext(
        "%(n)d image is not confirmed to show no name, date or number of a patient.",
        "%(n)d images are not confirmed to show no name, date or number of a patient.",
        count,
    )
    return Line(Sign.BAD, text % {"n": count}, _("Look at them"), f"{_page(study)}#sheet")


def _refused(study: Study) -> Line | None:
    count = Upload.objects.of(study).refused().count()
    if not count:
        return None
    text = ngettext("%(n)d file was refused.", "%(n)d files were refused.", count)
    address = f"{reverse('cases:fates', args=[study.key])}?fate=refused"
    return Line(Sign.WARN, text % {"n": count}, _("See why"), address)


def _unlabelled(study: Study) -> Line | None:
    count = Case.objects.of(study).without_reference().count()
    if not count:
        return None
    text = ngettext(
        "%(n)d case has no reference standard, so accuracy leaves it out.",
        "%(n)d cases have no reference standard, so accuracy leaves them out.",
        count,
    )
    if not can_change_protocol(study):
        return Line(Sign.WARN, text % {"n": count})
    return Line(Sign.WARN, text % {"n": count}, _("Add labels"), reverse("cases:labels", args=[study.key]))


def _normalised(study: Study, rules: ImageRules) -> Line | None:
    known = progress(study, rules)
    if known is None or not known.total:
        return None
    if known.is_complete:
        text = ngettext("%(n)d image is normalised", "%(n)d images are normalised", known.total)
        return Line(Sign.OK, text % {"n": known.total})
    text = _("%(done)d of %(total)d images are normalised. The others follow once every image is confirmed.")
    told = {"done": known.done, "total": known.total}
    return Line(Sign.BAD, text % told, _("See the rules"), reverse("cases:rules", args=[study.key]))


def _given_away(study: Study, rules: ImageRules) -> Line | None:
    clear = tells_of(study, rules).clear
    if not clear:
        return None
    text = _("Size, format and file size alone tell apart: %(names)s. A reader or a model may use that.")
    names = ", ".join(target.name or _("the reference standard") for target in clear)
    address = reverse("cases:tells", args=[study.key])
    return Line(Sign.WARN, text % {"names": names}, _("See what gives it away"), address)


def _page(study: Study) -> str:
    return reverse("cases:images", args=[study.key])


register(Station(10, gettext_lazy("Images"), "cases:images", _look_at_images))
