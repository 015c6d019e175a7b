"""A protocol made small: few cases and readers, with a table that says what each drawn case is."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import cycle, islice
from typing import Any

from readerstudy.designs.allocation import People, allocate
from readerstudy.designs.plan import PlanError
from readerstudy.studies.protocol.allocating import arms_of, cases_of, plan_of_document
from readerstudy.studies.protocol.case_tables import codes_apart
from readerstudy.studies.protocol.document import Document
from readerstudy.studies.protocol.library import criteria_of
from readerstudy.studies.protocol.problems import Problem, ProtocolError

MOST_CASES, MOST_READERS = 48, 24
TRUTHS = {
    "measurement": ("8.5", "12.0", "17.5", "23.0"),
    "report": (
        "The lungs are clear and fully expanded. The heart is of normal size, and there is no pleural effusion. "
        "Impression: no finding.",
        "A round nodule of 12 mm lies in the left upper zone. The rest of the lungs is clear and the heart is of "
        "normal size. Impression: nodule on the left, to be followed up.",
    ),
}


def made_small(document: Document, *, cases: int, readers: int) -> tuple[Document, int, int]:
    """The protocol with so many cases and readers, or the fewest more with which its plan can be drawn.

    Returns the protocol, the number of cases and the number of readers.

    Raises:
        ProtocolError: where no number of up to 48 cases and 24 readers will do.
    """
    for more_readers in range(readers, MOST_READERS + 1):
        for count in range(cases, min(cases + 12, MOST_CASES) + 1):
            found = _with_cases(document, count)
            if _can_be_drawn(found, more_readers):
                return found, count, more_readers
    raise ProtocolError(
        [Problem(("allocation",), "This plan needs more cases or readers than a dry run makes.")]
    )


def _can_be_drawn(document: Document, readers: int) -> bool:
    try:
        allocate(
            plan_of_document(document),
            seed=0,
            people=People(tuple(range(1, readers + 1))),
            batches=[cases_of(document)],
            arms=arms_of(document),
        )
    except PlanError:
        return False
    return True


def _with_cases(document: Document, count: int) -> Document:
    data = document.data
    section = {**data.get("cases", {}), "count": count}
    section["table"] = [*_main_rows(document, count), *_rows_apart(document)]
    return Document({**data, "cases": section})


def _main_rows(document: Document, count: int) -> list[dict[str, Any]]:
    """Rows of the table, taken in turn from each combination of strata; made up where there is no table."""
    apart = codes_apart(document.data)
    table = [row for row in document.data.get("cases", {}).get("table", ()) if row["code"] not in apart]
    rows = _in_turn(table)[:count] if table else _made_up(document.data, count)
    truths = cycle(_truths(document))
    rows = [row if "reference" in row else _with_truth(row, next(truths)) for row in rows]
    return _with_marks(document, rows)


def _with_marks(document: Document, rows: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """The same with a box in the middle of the first image, and nothing to mark in the last case."""
    section = document.data.get("cases", {})
    if section.get("reference") != "boxes":
        return list(rows)
    slot = (section.get("slots") or ["current"])[0]
    box = {"slot": slot, "points": [[128, 128], [150, 140]]}
    return [{"marks": [] if row == rows[-1] else [box], **row} for row in rows]


def _in_turn(table: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    groups: dict[str, list[dict[str, Any]]] = {}
    for row in table:
        groups.setdefault(repr(sorted(row.get("strata", {}).items())), []).append(dict(row))
    turns = max(map(len, groups.values()), default=0)
    return [group[turn] for turn in range(turns) for group in groups.values() if turn < len(group)]


def _made_up(data: Mapping[str, Any], count: int) -> list[dict[str, Any]]:
    strata = data.get("strata", ())
    return [
        {
            "code": f"C{number + 1:03d}",
            **(
                {"strata": {each["name"]: each["levels"][number % len(each["levels"])] for each in strata}}
                if strata
                else {}
            ),
        }
        for number in range(count)
    ]


def _rows_apart(document: Document) -> list[dict[str, Any]]:
    table = {row["code"]: dict(row) for row in document.data.get("cases", {}).get("table", ())}
    truths = list(_truths(document))
    return [
        table.get(code, _with_truth({"code": code}, truths[0])) for code in sorted(codes_apart(document.data))
    ]


def _with_truth(row: dict[str, Any], truth: str) -> dict[str, Any]:
    return {**row, "reference": truth} if truth else row


def _truths(document: Document) -> Iterator[str]:
    """What drawn cases are said to be: the labels, or the options of the question that is compared with them."""
    section = document.data.get("cases", {})
    kind = section.get("reference", "none")
    if kind in TRUTHS:
        return iter(TRUTHS[kind])
    if kind not in ("label", "answer", "boxes"):
        return iter(("",))
    return iter(section.get("labels") or _options(document) or ("",))


def _options(document: Document) -> list[str]:
    named = [
        each.get("criterion")
        for each in document.data.get("endpoints", ())
        if each["statistic"] == "accuracy"
    ]
    found = [each for each in criteria_of(document) if each["key"] in named and each.get("options")]
    return [str(option["value"]) for each in islice(found, 1) for option in each["options"]]
