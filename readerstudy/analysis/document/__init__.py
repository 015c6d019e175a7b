"""A report in words: the frozen contents become sentences, tables and pictures for the page, the download, the admin.

All three read this one document, so they cannot show different numbers.
"""

from __future__ import annotations

from dataclasses import replace

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from readerstudy.analysis.document import (
    adjudication,
    arms,
    blinding,
    cases,
    checks,
    constancy,
    course,
    criteria,
    endpoints,
    errors,
    foundations,
    kinds,
    leaving,
    measured,
    pace,
    pieces,
    preferences,
    regions,
    right,
    signed_ranks,
    truth,
    verdicts,
    words,
)
from readerstudy.analysis.document.parts import Cell, Document, Group, Line, Part, Picture, Section, Table
from readerstudy.analysis.document.words import listed
from readerstudy.analysis.estimates.plain import Content

__all__ = [
    "Cell",
    "Document",
    "Group",
    "Line",
    "Part",
    "Picture",
    "Section",
    "Table",
    "document_of",
    "part_document",
]


def document_of(content: Content) -> Document:
    badges = {arm["name"]: _arm_badges(arm) for arm in content["arms"]}
    correction = words.correction_of(content)
    kappas = {entry["criterion"]: entry for entry in content.get("kappas") or []}
    sections = [
        endpoints.section(content, badges),
        signed_ranks.section(content),
        *preferences.sections(content),
        *(
            criteria.section(criterion, badges, correction, kappa=kappas.get(criterion["key"]))
            for criterion in content["criteria"]
        ),
        *pieces.sections(content, badges),
        arms.refusals(content, badges),
        verdicts.section(content, badges),
        arms.classification(content, badges),
        right.section(content, badges),
        *measured.sections(content),
        *errors.sections(content),
        *kinds.sections(content, badges),
        *regions.sections(content),
        truth.confusion(content),
        *truth.roc_sections(content),
        truth.strata(content, badges),
        constancy.self_agreement(content, badges),
        constancy.with_readers(content, badges),
        course.repeats(content),
        cases.section(content),
        adjudication.section(content),
        course.drift(content),
        course.times(content, badges),
        pace.section(content, badges),
        leaving.section(content),
        checks.section(content),
        foundations.section(content),
    ]
    return Document(
        title=content["study"]["title"],
        question=content["study"]["question"],
        notices=_notices(content),
        facts=_facts(content),
        summary=_summary(content),
        sections=tuple(filter(None, sections)),
    )


def part_document(content: Content) -> Part:
    """A filtered view: what must be known first, and the sections whose figures a part can have, without pictures."""
    badges = {arm["name"]: _arm_badges(arm) for arm in content["arms"]}
    correction = words.correction_of(content)
    found = [
        endpoints.section(content, badges),
        *preferences.sections(content),
        *(criteria.section(criterion, badges, correction) for criterion in content["criteria"]),
        arms.refusals(content, badges),
        arms.classification(content, badges),
        course.times(content, badges),
    ]
    return Part(_notices(content), tuple(_without_pictures(section) for section in found if section))


def _without_pictures(section: Section) -> Section:
    inner = tuple(_without_pictures(each) for each in section.inner)
    return replace(section, pictures=(), inner=inner)


def _arm_badges(arm: Content) -> tuple[str, ...]:
    found = ((_("Simulated"), arm["simulated"]), (_("Recorded"), arm["recorded"]))
    return tuple(label for label, holds in found if holds)


def _summary(content: Content) -> tuple[Line, ...]:
    """The headlines: one a scored question, then refusals and accuracy."""
    lines = [
        Line(f"question-{criterion['key']}", criterion["question"], criteria.headline(criterion))
        for criterion in content["criteria"]
        if criterion["estimates"]
    ]
    lines = [*preferences.lines(content), *lines, *truth.roc_lines(content)]
    lines.append(Line("refusals", _("Refusals"), arms.refusal_line(content)))
    if content["classification"]:
        lines.append(
            Line("classification", _("Classification"), arms.accuracy_line(content["classification"]))
        )
    return tuple(lines)


def _notices(content: Content) -> tuple[tuple[str, str], ...]:
    """What the reader of the report must know before any number: a label and a sentence each."""
    found = (
        (_("Interim"), _interim(content)),
        (_("Unblinded early"), blinding.early(content)),
        (
            _("Simulated outputs"),
            _about(content, "simulated", _("No real model wrote the texts of %(arms)s."))
            or blinding.some(
                content, "simulated", _("No real model wrote the texts of %(n)s of %(all)s arms.")
            ),
        ),
        (
            _("Recorded outputs"),
            _about(content, "recorded", _("The texts of %(arms)s were made elsewhere and imported."))
            or blinding.some(
                content, "recorded", _("The texts of %(n)s of %(all)s arms were made elsewhere and imported.")
            ),
        ),
        (_("Simulated readers"), _simulated_readers(content)),
    )
    return tuple((label, sentence) for label, sentence in found if sentence)


def _interim(content: Content) -> str:
    if not content["is_interim"]:
        return ""
    return _(
        "The study is not closed, so these numbers will change. The audit trail names everybody who saw them."
    )


def _about(content: Content, nature: str, sentence: str) -> str:
    names = [arm["name"] for arm in content["arms"] if arm[nature]]
    return sentence % {"arms": listed(words.named(name) for name in names)} if names else ""


def _simulated_readers(content: Content) -> str:
    count, readers = content["counts"]["readers_simulated"], content["counts"]["readers"]
    if not count:
        return ""
    return ngettext(
        "%(n)s of %(all)s readers is simulated; no doctor gave these ratings.",
        "%(n)s of %(all)s readers are simulated; no doctor gave their ratings.",
        count,
    ) % {"n": count, "all": readers}


def _facts(content: Content) -> tuple[tuple[str, str], ...]:
    study = content["study"]
    return (
        (_("Rests on"), f"{foundations.how_many(content)} {foundations.missing(content)}"),
        (_("Blinding"), blinding.line(content)),
        (_("Protocol"), _("Version %(n)s") % {"n": study["protocol_version"]}),
        (_("Manifest"), study["manifest_sha256"] or _("The protocol is not locked yet.")),
        (_("Signed"), blinding.signed(content)),
    )
