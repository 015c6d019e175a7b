"""The texts of an arm as they came beside what readers are to see."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from readerstudy.generation.blinding.levelled import Levelled, Levelling, level_all, open_texts
from readerstudy.generation.models import Redaction
from readerstudy.providers.texts import Change, Finding, changes, show, visible
from readerstudy.studies.models import Arm, Study

CHANGED, TELLING = "changed", "telling"


@dataclass(frozen=True, slots=True)
class ShownPiece:
    """Words that stay, or that are taken away or put in on the way to readers."""

    change: Change
    text: str


@dataclass(frozen=True, slots=True)
class Comparison:
    """One output: what changes on the way to readers, what they see, and what still tells who wrote it."""

    levelled: Levelled
    pieces: tuple[ShownPiece, ...]
    shown: str
    leaks: tuple[Finding, ...]
    redactions: tuple[Redaction, ...]

    @property
    def is_changed(self) -> bool:
        return any(piece.change != Change.SAME for piece in self.pieces)


def find_levelled(study: Study, arm: Arm, levelling: Levelling) -> list[Levelled]:
    """The arm's texts that are not frozen yet."""
    return level_all(levelling, open_texts(study, arm))


def chosen(rows: list[Levelled], levelling: Levelling, only: str) -> list[Levelled]:
    """Those to look at; `only` is `CHANGED`, `TELLING`, or anything else for all."""
    if only == CHANGED:
        return [row for row in rows if row.shown != row.interpretation.text]
    if only == TELLING:
        return [row for row in rows if levelling.leaks(row.shown)]
    return rows


def comparisons_of(levelling: Levelling, rows: Iterable[Levelled]) -> list[Comparison]:
    """What a page shows of these texts."""
    found = list(rows)
    standing = Redaction.objects.filter(interpretation__in=[row.interpretation for row in found]).standing()
    redactions = list(standing.select_related("by"))
    return [
        Comparison(
            levelled=row,
            pieces=_pieces(row),
            shown=show(row.shown),
            leaks=tuple(levelling.leaks(row.shown)),
            redactions=tuple(each for each in redactions if each.interpretation_id == row.interpretation.pk),
        )
        for row in found
    ]


def _pieces(row: Levelled) -> tuple[ShownPiece, ...]:
    found = changes(row.interpretation.text, row.shown)
    return tuple(ShownPiece(piece.change, visible(piece.text)) for piece in found)
