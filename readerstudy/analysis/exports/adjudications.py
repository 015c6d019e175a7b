"""Disagreements of readers and what came of them, beside the ratings and never in their place."""

from __future__ import annotations

from collections.abc import Iterator

from django.utils.translation import gettext_lazy as _

from readerstudy.analysis.adjudicated import adjudicated_rows
from readerstudy.analysis.codebook import YES_OR_BLANK, Column
from readerstudy.analysis.exports.tables import ExportTable, Source, fixed
from readerstudy.reading.protocol import frozen_of
from readerstudy.studies.models import Membership, Role

COLUMNS = (
    Column("study", "The study, by the key in its address."),
    Column("case", "The case, by its code."),
    Column(
        "arms", "The arms whose texts stood beside the case.", "names with | between; A is the first of them"
    ),
    Column("arm", "The arm that was asked about; empty for questions about the case or a pair."),
    Column("criterion", "The question, by its short name."),
    Column("part", "The piece of the text, for questions about pieces.", "as in ratings.csv"),
    Column(
        "status",
        "What came of it.",
        "within_rules = no disagreement, waiting, opened, settled, closed = without an answer, second_stage = asked of "
        "the adjudicator alone",
    ),
    Column("trigger", "The rule that brought it up.", "difference, gap, overlap, distance, any_of, at_least"),
    Column(
        "answers", "What each reader answered; empty for “cannot judge”.", "JSON, by the reader's pseudonym"
    ),
    Column("value", "The settlement; it never replaces a rating."),
    Column("score", "The settlement as a number, for questions of which a mean makes sense.", "number"),
    Column("cannot_judge", "Whether the adjudicator chose “cannot judge”.", YES_OR_BLANK),
    Column("reason", "Why it cannot be judged, where the adjudicator said so."),
    Column("adjudicator", "Who settled it, by pseudonym.", "A01 adjudicator …"),
    Column("simulated", "Whether the adjudicator is simulated, so that no doctor settled it.", YES_OR_BLANK),
    Column("saw_readings", "Whether the adjudicator saw what the readers said.", YES_OR_BLANK),
    Column("settled_at", "When it was settled or closed.", "ISO 8601, UTC", "date and time"),
)


def has_rules(source: Source) -> bool:
    """Whether the protocol says what a disagreement is."""
    return frozen_of(source.study).terms.is_declared


def _rows(source: Source) -> Iterator[list[str]]:
    return adjudicated_rows(source.study, _people(source))


def _people(source: Source) -> dict[str, str]:
    """The pseudonyms of all tables by those of the table of settlements, which counts adjudicators alone."""
    settling = Membership.objects.filter(study=source.study, role=Role.ADJUDICATOR).order_by("pk")
    return {f"J{place:02d}": source.person(row.user_id) for place, row in enumerate(settling, start=1)}


adjudications = ExportTable(
    "adjudications.csv",
    _(
        "Every place that a rule on disagreements is about: each reader's answer, what came of it, and the settlement."
    ),
    fixed(*COLUMNS),
    _rows,
    "ratings",
)
