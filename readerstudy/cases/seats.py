"""Which case and slot a file's path names: `case-17/prior.dcm` is the prior image of case 17. Reads no database.

A folder names a case only where the file (or, for the slices of a stack, the folder around them) is called like a slot.
Slots have these common names; any other can be given by a mapping table.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import PurePosixPath

from readerstudy.cases.names import LONGEST

OVERLAY_WORD = "overlay"
SLOT_WORDS = frozenset(
    """
    current prior previous followup follow before after baseline left right frontal lateral oblique ap pa cc mlo
    axial coronal sagittal ct mr mri pet us xr xray cxr fundus oct slo dwi adc flair t1 t2 pd plain native arterial
    venous portal delayed overlay a b 1 2 3 4
    """.split()  # noqa: SIM905  a paragraph is easier to read than fifty strings
)
_LEADING = frozenset(SLOT_WORDS - {"a", "b", "1", "2", "3", "4", OVERLAY_WORD})
_LONGEST_SLOT = 40
_SLOT = re.compile(r"[a-z0-9]+(?:-[a-z0-9]+)*")


@dataclass(frozen=True, slots=True)
class Seat:
    """The case, by what its files call it, and the slot in it. An empty folder: a case of its own."""

    folder: str = ""
    slot: str = "current"


def as_slot(name: str) -> str:
    """The name as a slot: lower case, words joined by hyphens. Empty where it is no name for one."""
    slot = re.sub(r"[\s_.-]+", "-", name.strip().casefold()).strip("-")
    return slot if len(slot) <= _LONGEST_SLOT and _SLOT.fullmatch(slot) else ""


def seat_of(path: str, *, is_slice: bool = False) -> Seat:
    """The seat that a path names, else a case of its own. `is_slice`: the file is one of many in a stack."""
    found = PurePosixPath(path)
    folders = found.parts[:-1]
    if folders and (slot := _known_slot(found.stem)):
        return Seat("/".join(folders)[-LONGEST:], slot)
    if is_slice and len(folders) > 1 and (slot := _known_slot(folders[-1])):
        return Seat("/".join(folders[:-1])[-LONGEST:], slot)
    return Seat()


def _known_slot(name: str) -> str:
    slot = as_slot(name)
    words = slot.split("-")
    return slot if words[0] in _LEADING and SLOT_WORDS.issuperset(words) else ""
