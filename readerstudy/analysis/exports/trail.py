"""The audit trail of one study, without names, addresses and whatever a file was called."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from django.db.models import Max
from django.utils.translation import gettext_lazy as _

from readerstudy.analysis import cells
from readerstudy.analysis.actions import LOOKS
from readerstudy.analysis.codebook import Column
from readerstudy.analysis.exports.ratings import canonical
from readerstudy.analysis.exports.tables import ExportTable, Source, fixed, moment
from readerstudy.audit.models import Event

WITHHELD = "(withheld)"
PERSONAL = ("email", "mail", "address", "folder", "file_name", "original_name", "printed_name")
ROOT, READERS = "study", "/reader/"

COLUMNS = (
    Column(
        "stream",
        "The chain of events it belongs to.",
        "study = coordinators, study/reader/1 = the reader of seat 1, …",
    ),
    Column("position", "Its place in this chain.", "from 1", "count"),
    Column("at", "When it happened.", "ISO 8601, UTC", "date and time"),
    Column(
        "by", "Who did it, by pseudonym; empty = the system.", "R01 reader, C01 coordinator, S01 researcher …"
    ),
    Column("deed", "What was done."),
    Column("subject", "On what; empty while the study is blinded, but for readers' own deeds."),
    Column(
        "details",
        "What exactly; addresses and names are withheld. Empty while the study is blinded, but for readers' own deeds.",
        "JSON",
    ),
    Column("previous", "The digest of the event before it in its chain.", "SHA-256"),
    Column("digest", "The digest that binds it to all before it.", "SHA-256"),
)


def _rows(source: Source) -> Iterator[list[str]]:
    prefix = f"study/{source.study.pk}"
    for row in _in_order(source.study.pk):
        own = row.stream.removeprefix(prefix)
        is_told = not source.is_blinded or own.startswith(READERS)
        yield [
            ROOT + own,
            str(row.position),
            moment(row.at),
            source.person(row.actor_id),
            row.verb,
            cells.text(_subject(row.subject)) if is_told else "",
            canonical(plain(row.data)) if is_told else "",
            row.previous,
            row.digest,
        ]


def _in_order(study: int) -> Iterator[Event]:
    """Chain by chain, each up to its last event that is more than a look: or each download would change the next.

    Chains are sorted here, for the database's own order of texts differs from machine to machine.
    """
    found = Event.objects.of_study(study)
    lasts = found.exclude(verb__in=LOOKS).order_by().values("stream").annotate(last=Max("position"))
    for stream, last in sorted(lasts.values_list("stream", "last")):
        own = found.filter(stream=stream, position__lte=last)
        yield from own.order_by("position").iterator(chunk_size=500)


def _subject(told: str) -> str:
    return WITHHELD if "@" in told else told


def plain(told: Any) -> Any:
    """The details without values that name a person or a file."""
    if isinstance(told, dict):
        return {key: WITHHELD if key in PERSONAL and value else plain(value) for key, value in told.items()}
    if isinstance(told, list):
        return [plain(each) for each in told]
    return WITHHELD if isinstance(told, str) and "@" in told else told


audit = ExportTable(
    "audit.csv",
    _(
        "The audit trail: who did what and when, each event bound to those before it by a digest. Looks and downloads "
        "at its end are left out, or each would change the next."
    ),
    fixed(*COLUMNS),
    _rows,
)
