"""The pack put together: paragraphs, drawings, guidelines, tables, prompts."""

from __future__ import annotations

import json
from collections.abc import Mapping

from django.utils.translation import gettext as _

from readerstudy.analysis.exports.methods.drawings import drawings_of
from readerstudy.analysis.exports.methods.facts import Facts
from readerstudy.analysis.exports.methods.guidelines import guidelines
from readerstudy.analysis.exports.methods.parts import Pack, Sheet
from readerstudy.analysis.exports.tables import Source
from readerstudy.studies.models import Criterion


def pack_of(source: Source) -> Pack:
    facts = Facts(source)
    told = facts.told
    filled = guidelines(told)
    open_ = sum(line.is_open for guideline in filled for line in guideline.lines)
    lead = (
        _("Filled from what the system knows. What it cannot know is marked “To add”; %(n)d lines are open.")
        % {"n": open_},
        *([_("The study is blinded: no result is told by arm here.")] if source.is_blinded else []),
        *([told["protocol"]] if "protocol" in told else []),
        told["software"],
    )
    return Pack(
        title=_("Methods pack: %(title)s") % {"title": source.study.title},
        lead=lead,
        sections=tuple(
            (heading, _picked(told, names)) for heading, names in _sections() if _picked(told, names)
        ),
        drawings=drawings_of(source),
        guidelines=filled,
        sheets=(_questions(source), _readers(source)),
        prompts=tuple(
            (
                f"{arm.prompt.name} {arm.prompt.number} (SHA-256 {arm.prompt.sha256})",
                _words(arm.prompt.prompt.to_json()),
            )
            for arm in facts.models
            if arm.prompt
        ),
    )


def _picked(told: Mapping[str, str], names: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(told[name] for name in names if name in told)


def _sections() -> tuple[tuple[str, tuple[str, ...]], ...]:
    return (
        (
            _("Question and protocol"),
            ("question", "hypotheses", "source", "protocol", "locked", "signed", "amendments"),
        ),
        (_("Cases and images"), ("cases", "strata", "images", "deidentified", "reference")),
        (
            _("Models and outputs"),
            (
                "models",
                "simulated",
                "comparators",
                "prompts",
                "one_call",
                "replicates",
                "text_form",
                "refusals",
                "compute",
            ),
        ),
        (
            _("Readers"),
            ("readers", "qualifications", "simulated_readers", "consent", "instructions", "training"),
        ),
        (
            _("Reading"),
            (
                "allocation",
                "washout",
                "repeats",
                "blinding",
                "independence",
                "questions",
                "dates",
                "time",
                "counts",
            ),
        ),
        (
            _("Statistics"),
            (
                "sample_size",
                "endpoints",
                "primary",
                "statistics",
                "multiplicity",
                "resampling",
                "exclusions",
                "stopping",
                "software",
            ),
        ),
        (_("Ethics, blinding and data"), ("ethics", "unblinded", "audit", "data")),
    )


def _questions(source: Source) -> Sheet:
    rows = tuple(
        (row.key, row.question, str(row.get_kind_display()), _scale(row), _cut(row))
        for row in source.long.criteria.values()
    )
    head = (_("Short name"), _("Question"), _("Kind"), _("Scale"), _("Acceptable"))
    return Sheet(_("Questions and scales"), head, rows)


def _scale(row: Criterion) -> str:
    if row.options:
        return "; ".join(f"{option['value']} {option['label']}".strip() for option in row.options)
    ends = [f"{end:g}" for end in (row.minimum, row.maximum) if end is not None]
    return " – ".join(ends) + (f" {row.unit}" if row.unit else "")


def _cut(row: Criterion) -> str:
    if row.acceptable:
        return ", ".join(map(str, row.acceptable))
    return (
        ""
        if row.acceptable_from is None
        else f"{'≤' if row.direction == 'lower' else '≥'} {row.acceptable_from:g}"
    )


def _readers(source: Source) -> Sheet:
    rows = []
    for reader in source.long.readers.values():
        profile = getattr(reader.user, "profile", None)
        years = "" if profile is None or profile.years_experience is None else str(profile.years_experience)
        rows.append(
            (
                reader.pseudonym,
                profile.specialty if profile else "",
                years,
                _("yes") if reader.user.is_simulated else "",
            )
        )
    return Sheet(_("Readers"), (_("Reader"), _("Specialty"), _("Years"), _("Simulated")), tuple(rows))


def _words(told: object) -> str:
    return json.dumps(told, ensure_ascii=False, indent=1)
