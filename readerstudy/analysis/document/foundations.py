"""What the report rests on: who rated what, what is missing, seeds, hashes and versions."""

from __future__ import annotations

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from readerstudy.analysis.document import words
from readerstudy.analysis.document.parts import Cell, Group, Row, Section, Table
from readerstudy.analysis.document.words import DASH, decimal, whole
from readerstudy.analysis.estimates.plain import Content

TALLY = ("planned", "rated", "cannot_judge", "withdrawn", "not_given")
PROGRAMS = ("python", "numpy", "scipy")


def section(content: Content) -> Section:
    return Section(
        slug="foundations",
        heading=_("What this rests on"),
        sentences=(how_many(content), missing(content), _computed(content), _named(content)),
        tables=(_readers(content), *([_questions(content)] if content["criteria"] else ())),
    )


def how_many(content: Content) -> str:
    """“24 cases, 2 arms, 48 outputs, 5 readers, 960 ratings.”"""
    counts = content["counts"]
    parts = (
        ngettext("%(n)s case", "%(n)s cases", counts["cases"]) % {"n": whole(counts["cases"])},
        ngettext("%(n)s arm", "%(n)s arms", counts["arms"]) % {"n": whole(counts["arms"])},
        ngettext("%(n)s output", "%(n)s outputs", counts["outputs"]) % {"n": whole(counts["outputs"])},
        _readers_counted(counts),
        _ratings_counted(counts["ratings"] + counts.get("other_ratings", 0)),
    )
    return f"{', '.join(parts)}."


def _ratings_counted(number: int) -> str:
    return ngettext("%(n)s rating", "%(n)s ratings", number) % {"n": whole(number)}


def _readers_counted(counts: Content) -> str:
    rating, invited = counts["readers_rating"], counts["readers"]
    if rating == invited:
        return ngettext("%(n)s reader", "%(n)s readers", rating) % {"n": whole(rating)}
    return _("%(rating)s of %(invited)s readers") % {"rating": whole(rating), "invited": whole(invited)}


def missing(content: Content) -> str:
    """How many ratings of required questions are missing, and why."""
    counts = content["counts"]
    if counts["missing_share"] is None and counts.get("other_ratings"):
        return _(
            "No question is about a single output; the table of ratings has what is missing of the others."
        )
    if counts["missing_share"] is None:
        return _("No reading is planned yet.")
    numbers = {
        "share": decimal(counts["missing_share"]),
        "missing": whole(counts["planned"] - counts["rated"]),
        "planned": whole(counts["planned"]),
        "cannot": whole(counts["cannot_judge"]),
    }
    said = _("%(missing)s of %(planned)s ratings of required questions are missing (%(share)s)") % numbers
    if not counts["cannot_judge"]:
        return f"{said}."
    return f"{said}, " + _("%(cannot)s of them because the reader could not judge.") % numbers


def _computed(content: Content) -> str:
    inference, software = content["inference"], content["software"]
    said = {
        "seed": inference["seed"],
        "generator": inference["generator"],
        "n": whole(inference["resamples"]),
        "ours": f"readerstudy {software['readerstudy']} ({software['report']})",
        "others": ", ".join(f"{name} {software[name]}" for name in PROGRAMS),
    }
    return (
        _(
            "Bootstrap intervals: %(n)s resamples by %(generator)s from seed %(seed)s, which follows from the study's "
            "own seed. Computed by %(ours)s with %(others)s."
        )
        % said
    )


def _named(content: Content) -> str:
    return _("Input, by SHA-256: %(hash)s. The same data always give this report.") % {
        "hash": content["input_sha256"]
    }


def _tally_heads() -> Row:
    return words.number_heads(_("Planned"), _("Rated"), _("Cannot judge"), _("Taken back"), _("Not given"))


def _tally(counts: Content) -> Row:
    return tuple(Cell(whole(counts[name]), "number") for name in TALLY)


def _readers(content: Content) -> Table:
    rows = tuple(
        (
            Cell(reader["reader"], "head", (_("Simulated"),) if reader["simulated"] else ()),
            Cell(reader["specialty"] or DASH),
            Cell(whole(reader["years"]), "number"),
            *_tally(reader),
        )
        for reader in content["readers"]
    )
    return Table(
        caption=_("Readers, by pseudonym: ratings of required questions"),
        head=(*words.heads(_("Reader"), _("Specialty")), *words.number_heads(_("Years")), *_tally_heads()),
        groups=(Group("", rows),),
    )


def _questions(content: Content) -> Table:
    rows = tuple(
        (
            Cell(criterion["question"], "head"),
            *_tally(criterion["counts"]),
            Cell(decimal(criterion["counts"]["missing_share"]), "number"),
            Cell(words.overlap(criterion["overlap"]), "number"),
        )
        for criterion in content["criteria"]
    )
    return Table(
        caption=_("Questions: planned ratings, what became of them, and how many outputs two readers share"),
        head=(*words.heads(_("Question")), *_tally_heads(), *words.number_heads(_("Missing"), _("Shared"))),
        groups=(Group("", rows),),
    )
