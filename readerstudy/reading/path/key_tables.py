"""The expected answers of practice cases as a coordinator writes them: on the page of a case, or as a table."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from readerstudy.accounts.models import User
from readerstudy.cases.models import Case, Purpose
from readerstudy.cases.tables import Problem, Unreadable, text_of
from readerstudy.reading.planning import codes_for, practice_order
from readerstudy.reading.questions import CASE, PAIR, about_of
from readerstudy.studies.actions.design import DesignRefused, check_section, set_section
from readerstudy.studies.models import Arm, ArmKind, Criterion, Design, Study
from readerstudy.studies.protocol.practice import PLACE
from readerstudy.studies.rubrics.values import read_number

COLUMNS = ("case", "criterion", "arm", "part", "answer", "within", "explanation")
NEEDED = ("case", "criterion", "answer")
SEVERAL = "|"
MOST_ROWS = 20_000

Row = dict[str, Any]


@dataclass(frozen=True)
class Asked:
    """One expected answer that may be said: of a question, for the output of one arm where it is about outputs."""

    criterion: Criterion
    arm: str
    row: Mapping[str, Any]

    @property
    def name(self) -> str:
        """Its name in the form."""
        return f"{self.criterion.key}@{self.arm}" if self.arm else self.criterion.key


def cases_of(study: Study, design: Design) -> list[str]:
    """The codes of the practice cases: in the order of the protocol, then those it does not name yet."""
    there = codes_for(study, Purpose.PRACTICE)
    return [code for code in practice_order(design, there) if code in there]


def gone_of(study: Study, design: Design) -> list[str]:
    """Cases that the protocol names for practice and that serve something else by now."""
    there = codes_for(study, Purpose.PRACTICE)
    return [code for code in practice_order(design, there) if code not in there]


def key_of(design: Design) -> list[Row]:
    """The rows of the key as the protocol has them."""
    return [dict(row) for row in practice_section(design).get("key", ())]


def practice_section(design: Design) -> Row:
    """What the protocol says about practice; empty where it says nothing."""
    told: Row = design.section("phases").get("practice", {})
    return told


def asked_of(study: Study, design: Design, code: str) -> list[Asked]:
    """What may be said of one practice case, in the order of its questions."""
    rows = [row for row in key_of(design) if row["case"] == code and "part" not in row]
    known = {(row["criterion"], row.get("arm", "")): row for row in rows}
    arms = list(Arm.objects.filter(study=study).exclude(kind=ArmKind.UNAIDED).order_by("position"))
    return [
        Asked(criterion, arm, known.get((criterion.key, arm), known.get((criterion.key, ""), {})))
        for criterion in Criterion.objects.of(study)
        for arm in ([""] if about_of(criterion) in (CASE, PAIR) else [each.name for each in arms])
    ]


@transaction.atomic
def save_rules(*, study: Study, pass_mark: float | None, tries: int | None, reference: str, by: User) -> None:
    """Stores mark, rounds and the criterion whose answer is the reference standard.

    Raises:
        DesignRefused: naming what does not fit.
    """
    told = {"pass_mark": pass_mark, "tries": tries, "reference": reference}
    design = Design.objects.of(study)
    rules = {name: value for name, value in told.items() if value not in (None, "")}
    _store(study, design, rules, key_of(design), by)


@transaction.atomic
def save_key(*, study: Study, code: str, rows: Sequence[Row], by: User) -> None:
    """Replaces what is expected of one case; rows of the key about pieces of a text stay.

    Raises:
        DesignRefused: naming what does not fit.
    """
    design = Design.objects.of(study)
    others = [row for row in key_of(design) if row["case"] != code or "part" in row]
    _store(study, design, _rules(design), [*others, *rows], by)


@transaction.atomic
def replace_key(*, study: Study, rows: Sequence[Row], by: User) -> int:
    """Replaces the whole key; returns the number of rows.

    Raises:
        DesignRefused: naming what does not fit.
    """
    design = Design.objects.of(study)
    _store(study, design, _rules(design), rows, by)
    return len(rows)


def _rules(design: Design) -> Row:
    practice = practice_section(design)
    return {name: practice[name] for name in ("pass_mark", "tries", "reference") if name in practice}


def _store(study: Study, design: Design, rules: Mapping[str, Any], key: Sequence[Row], by: User) -> None:
    """Stores rules and key, its rows in the order of the cases; what is said of other cases goes."""
    codes = cases_of(study, design)
    kept = sorted((row for row in key if row["case"] in codes), key=lambda row: codes.index(row["case"]))
    practice = {"cases": codes, **rules, **({"key": kept} if kept else {})}
    set_section(study=study, name="phases", content={**_phases(design), "practice": practice}, by=by)


def _phases(design: Design) -> Row:
    """The phases that are kept with the design; the last questions are rows of their own."""
    return {name: told for name, told in design.section("phases").items() if name != "exit"}


# --- the table


def table_of(study: Study) -> Iterator[list[str]]:
    """The key as a table, header first: every answer that may be said, filled in where it is."""
    design = Design.objects.of(study)
    yield list(COLUMNS)
    for code in cases_of(study, design):
        for asked in asked_of(study, design, code):
            yield _cells({**asked.row, "case": code, "criterion": asked.criterion.key, "arm": asked.arm})
        for row in key_of(design):
            if row["case"] == code and "part" in row:
                yield _cells(row)


def _cells(row: Mapping[str, Any]) -> list[str]:
    told = row.get("answer", "")
    answer = f" {SEVERAL} ".join(_text(each) for each in told) if isinstance(told, list) else _text(told)
    cells = {**{name: _text(row.get(name, "")) for name in COLUMNS}, "answer": answer}
    return [cells[name] for name in COLUMNS]


def _text(value: Any) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    return f"{value:g}" if isinstance(value, float) else str(value)


def read_key(study: Study, content: bytes) -> list[Row]:
    """The rows of a table; lines without answer and explanation say nothing.

    Raises:
        Unreadable: with everything that is wrong, line by line; also where a row does not fit the study.
    """
    reader = csv.DictReader(io.StringIO(text_of(content)), dialect=_dialect(content))
    missing = [name for name in NEEDED if name not in (reader.fieldnames or ())]
    if missing:
        names = ", ".join(COLUMNS)
        raise Unreadable(
            Problem(_("The first line has to name the columns: %(names)s.") % {"names": names}, 1)
        )
    rows, lines, problems = [], [], []
    criteria = {each.key: each for each in Criterion.objects.of(study)}
    for line, told in enumerate(reader, start=2):
        cells = {name: (told.get(name) or "").strip().removeprefix("'") for name in COLUMNS}
        if not cells["answer"] and not cells["explanation"]:
            continue
        try:
            rows.append(row_of(cells, criteria.get(cells["criterion"])))
            lines.append(line)
        except ValueError as error:
            problems.append(Problem(str(error), line))
    problems += _unfitting(study, rows, lines)
    if problems:
        raise Unreadable(*problems)
    return rows


def row_of(cells: Mapping[str, str], criterion: Criterion | None) -> Row:
    """A row of the key from text; raises `ValueError` with a sentence for a number that is none."""
    row: Row = {"case": cells["case"], "criterion": cells["criterion"]}
    row |= {name: cells[name] for name in ("arm", "part") if cells.get(name)}
    if cells["answer"]:
        row["answer"] = _answer(cells["answer"], criterion)
    if cells.get("within"):
        within = read_number(cells["within"].replace(",", "."))
        if within is None or within < 0:
            raise ValueError(_("“%(text)s” under “within” is no number.") % {"text": cells["within"]})
        row["within"] = within
    if cells.get("explanation"):
        row["explanation"] = cells["explanation"]
    return row


def _answer(text: str, criterion: Criterion | None) -> Any:
    """One answer, or several with | between them; options may be named by value or by label."""
    parts = [_one(part.strip(), criterion) for part in text.split(SEVERAL) if part.strip()]
    several = len(parts) > 1 or (criterion is not None and criterion.kind == "multiple_choice")
    return parts if several else parts[0]


def _one(text: str, criterion: Criterion | None) -> Any:
    if criterion is None:
        return text
    if criterion.kind == "yes_no":
        return {"yes": True, "1": True, "true": True, "no": False, "0": False, "false": False}.get(
            text.casefold(), text
        )
    for option in criterion.options:
        if text.casefold() in (str(option["value"]).casefold(), option["label"].casefold()):
            number = read_number(str(option["value"]))
            return number if option.get("numeric") and number is not None else option["value"]
    number = read_number(text.replace(",", "."))
    return text if criterion.options or number is None else number


def _unfitting(study: Study, rows: Sequence[Row], lines: Sequence[int]) -> list[Problem]:
    """What a protocol with these rows would not allow, by line."""
    design = Design.objects.of(study)
    codes = cases_of(study, design)
    strange = [
        Problem(_("“%(code)s” is no practice case.") % {"code": row["case"]}, line)
        for row, line in zip(rows, lines, strict=True)
        if row["case"] not in codes
    ]
    if strange or not rows:
        return strange
    practice = {"cases": codes, **_rules(design), "key": list(rows)}
    try:
        check_section(study=study, name="phases", content={**_phases(design), "practice": practice})
    except DesignRefused as refused:
        return [
            Problem(problem.sentence, lines[int(problem.path[3])])
            if problem.path[: len(PLACE)] == PLACE and len(problem.path) > len(PLACE)
            else Problem(problem.sentence)
            for problem in refused.problems
        ]
    return []


def _dialect(content: bytes) -> type[csv.Dialect]:
    """Commas, or what a spreadsheet program of this place puts there instead."""
    head = content[:2000].decode("utf-8", errors="replace").splitlines()
    semicolons = bool(head) and head[0].count(";") > head[0].count(",")
    return _Semicolons if semicolons else csv.excel


class _Semicolons(csv.excel):
    delimiter = ";"


def count_said(study: Study, design: Design) -> dict[str, int]:
    """How many rows the key has for each practice case."""
    counts = dict.fromkeys(cases_of(study, design), 0)
    for row in key_of(design):
        if row["case"] in counts:
            counts[row["case"]] += 1
    return counts


def case_of(study: Study, code: str) -> Case | None:
    """The practice case with this code."""
    return (
        Case.objects.kept(study)
        .filter(purpose=Purpose.PRACTICE, code=code)
        .select_related("reference")
        .first()
    )
