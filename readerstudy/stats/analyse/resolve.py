"""From cells and a declaration to a question: every value finds its place on the scale, or is named as wrong."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np

from readerstudy.stats.alignment import Cut
from readerstudy.stats.analyse.guess import REFUSED, is_blank_word, pair_of, spelling, values_of, whole_range
from readerstudy.stats.analyse.names import in_order
from readerstudy.stats.analyse.plan import FREE_KINDS, Declared, Plan, as_number
from readerstudy.stats.analyse.problems import AnalysisError, Complaints
from readerstudy.stats.analyse.question import Question
from readerstudy.stats.analyse.reference import Labels, Reference
from readerstudy.stats.analyse.repeats import presentations
from readerstudy.stats.analyse.table import Cells
from readerstudy.stats.arrays import BoolArray, FloatArray, IntArray
from readerstudy.stats.ratings import MISSING
from readerstudy.stats.regions import RegionError, parse_boxes
from readerstudy.stats.scale import ORDERED_KINDS, Kind, Label, Scale, ScaleError

NUMBER_KINDS = frozenset({Kind.INTERVAL, Kind.RATIO, Kind.RANK})
_LABELLED = frozenset({Kind.NOMINAL, Kind.BINARY, Kind.ORDINAL})
_ORDERED = ORDERED_KINDS | {Kind.PREFERENCE}


def resolved(cells: Cells, declared: Declared, reference: Reference, plan: Plan) -> Question:
    """Return the question behind the cells of a criterion.

    Raises AnalysisError for values off the scale, readings given twice and references that do not fit.
    """
    scale = _scale(cells, declared, _values(cells, reference))
    complaints = Complaints()
    codes, refused = _codes(cells, declared, scale, complaints)
    _complain_of_arms(cells, complaints)
    presentation = presentations(cells, complaints)
    complaints.raise_any()
    question = Question(
        declared=declared,
        cells=cells,
        scale=scale,
        codes=codes,
        numbers=_numbers(scale, codes),
        refused=refused,
        presentation=presentation,
        inference=plan.inference,
        reference_arm=plan.reference_arm,
    )
    question = replace(question, positive=_positive(question))
    question = replace(question, acceptable=_acceptable(question))
    return with_reference(question, reference, plan)


def _complain_of_arms(cells: Cells, complaints: Complaints) -> None:
    # A model's own label may be of the case itself; a reader saw an arm's output or there are no arms.
    blank = np.array([not arm for arm in cells.arms], dtype=bool)
    if not len(cells.arm) or not (~blank[cells.arm] & ~cells.by_model).any():
        return
    for row in np.flatnonzero(blank[cells.arm] & ~cells.by_model).tolist():
        complaints.add(
            int(cells.line[row]),
            "arm",
            f"It is empty, but other rows of “{cells.criterion}” name an arm. Name it.",
        )


def place_of(scale: Scale, text: str) -> int | None:
    """Return the position of a written value; truth values may be written in any case."""
    code = scale.code(text)
    if code is None and text.lower() in ("true", "false"):
        return scale.code(text.lower())
    return code


def _place(declared: Declared, scale: Scale, text: str) -> int | None:
    if declared.categories is not None:
        return place_of(scale, text)
    if is_blank_word(text):
        return None
    if declared.kind == Kind.BINARY:
        known = [spelling(str(category)) for category in scale.categories]
        return known.index(spelling(text)) if spelling(text) in known else None
    return place_of(scale, text)


def with_reference(question: Question, reference: Reference, plan: Plan) -> Question:
    """Return the question with the labels of its cases, as far as they mean something for its kind.

    Raises AnalysisError for a label that is named for this criterion and is not on its scale.
    """
    labels = reference.of(question.name)
    if not labels:
        return question
    if question.kind in FREE_KINDS:
        _check_regions(question, labels)
        return replace(question, reference_texts=labels)
    if question.kind == Kind.CONFIDENCE or _cut_of(question) is not None:
        return replace(question, abnormal=_abnormal(question, labels, plan, reference.is_own(question.name)))
    if question.kind in NUMBER_KINDS and not question.declared.categories:
        numbers = {case: as_number(label) for case, label in labels.items()}
        known = {case: number for case, number in numbers.items() if number is not None}
        return replace(question, reference_numbers=known)
    return _with_truth(question, labels, reference)


def _with_truth(question: Question, labels: Labels, reference: Reference) -> Question:
    found = {case: _place(question.declared, question.scale, label) for case, label in labels.items()}
    off = sorted(case for case, code in found.items() if code is None and case in question.cells.cases)
    truth = {case: code for case, code in found.items() if code is not None}
    if off and (truth or reference.is_own(question.name)):
        declared = ", ".join(map(str, question.scale.categories))
        raise AnalysisError(
            f"The reference: The label “{labels[case]}” of case “{case}” is not on the scale of “{question.name}” "
            f"({declared}). Correct the label or declare the category."
            for case in off
        )
    question = replace(question, truth=truth)
    if question.is_graded and truth:
        values = question.scale.values()
        question = replace(
            question, reference_numbers={case: float(values[at]) for case, at in truth.items()}
        )
    if question.positive is not None:
        abnormal = {case: code == question.positive for case, code in truth.items()}
        return replace(question, abnormal=abnormal)
    return question


def _values(cells: Cells, reference: Reference) -> tuple[str, ...]:
    # A label that only the reference uses is a category too, where the reference is of this criterion.
    texts = values_of(cells)
    labels = set(reference.of(cells.criterion).values())
    meant = reference.is_own(cells.criterion) or bool(labels & set(texts))
    return in_order({*texts, *labels}) if meant else texts


def _scale(cells: Cells, declared: Declared, known: tuple[str, ...]) -> Scale:
    ordered = declared.kind in _ORDERED
    if declared.kind in FREE_KINDS:
        return Scale(values_of(cells), declared=False)
    if declared.categories is not None:
        categories = declared.categories
        if not any(isinstance(label, str) for label in categories):
            categories = tuple(sorted(categories, key=float))
        return Scale(categories, ordered=ordered)
    texts = known if declared.kind in _LABELLED else values_of(cells)
    if declared.kind == Kind.BINARY:
        return _binary(cells, texts)
    whole = whole_range(texts) if declared.kind in (Kind.ORDINAL, Kind.CONFIDENCE) else None
    if whole is not None:
        return Scale(whole, ordered=True, declared=False)
    numbers = [as_number(text) for text in texts]
    if texts and all(number is not None for number in numbers):
        distinct = sorted({number for number in numbers if number is not None})
        return Scale(tuple(_plain(number) for number in distinct), ordered=ordered, declared=False)
    if declared.kind in NUMBER_KINDS:
        distinct = sorted({number for number in numbers if number is not None})
        return Scale(tuple(_plain(number) for number in distinct), ordered=True, declared=False)
    if ordered and texts:
        told = ", ".join(f"“{text}”" for text in texts[:6])
        raise AnalysisError(
            [
                f"Criterion “{cells.criterion}” is {declared.kind.value}, but its values are words: {told}. "
                "Declare its categories in the plan, from lowest to highest."
            ]
        )
    return Scale(texts, declared=False)


def _binary(cells: Cells, texts: Sequence[str]) -> Scale:
    pair = pair_of(texts)
    if pair is not None:
        numbers = [as_number(word) for word in pair]
        plain: tuple[Label, ...] = pair if None in numbers else (0, 1)
        return Scale(plain, declared=False)
    if len(texts) > 2:
        told = ", ".join(f"“{text}”" for text in texts[:6])
        raise AnalysisError(
            [
                f"Criterion “{cells.criterion}” is binary, but has {len(texts)} different values: {told}. "
                "Correct the values, or declare another kind."
            ]
        )
    return Scale(tuple(texts), declared=False)


def _codes(
    cells: Cells, declared: Declared, scale: Scale, complaints: Complaints
) -> tuple[IntArray, BoolArray]:
    places = [_place(declared, scale, text) for text in cells.texts]
    declines = [at is None and text.lower() == REFUSED for at, text in zip(places, cells.texts, strict=True)]
    known = np.array([MISSING if at is None else at for at in places] + [MISSING], dtype=np.int64)
    refusing = np.array([*declines, False], dtype=bool)
    wrong = np.array(
        [at is None and not no for at, no in zip(places, declines, strict=True)] + [False], dtype=bool
    )
    for row in np.flatnonzero(wrong[cells.value]).tolist():
        complaints.add(int(cells.line[row]), "value", _off_scale(cells, declared, scale, row))
    if declared.kind == Kind.REGIONS:
        _complain_of_regions(cells, scale, known, complaints)
    negative = declared.kind == Kind.RATIO and scale.numeric and min(scale.values(), default=0.0) < 0.0
    if negative:
        below = np.append(scale.values() < 0.0, False)[known[cells.value]]
        for row in np.flatnonzero(below).tolist():
            sentence = (
                f"“{cells.texts[cells.value[row]]}” is below zero. A ratio has none: choose “interval”."
            )
            complaints.add(int(cells.line[row]), "value", sentence)
    return known[cells.value], refusing[cells.value]


def _complain_of_regions(cells: Cells, scale: Scale, known: IntArray, complaints: Complaints) -> None:
    wrong = np.array(
        [_region_problem(str(text)) is not None for text in scale.categories] + [False], dtype=bool
    )
    for row in np.flatnonzero(wrong[known[cells.value]]).tolist():
        text = cells.texts[cells.value[row]]
        complaints.add(int(cells.line[row]), "value", _region_problem(text) or "")


def _check_regions(question: Question, labels: Labels) -> None:
    if question.kind != Kind.REGIONS:
        return
    problems = {case: _region_problem(label) for case, label in labels.items()}
    told = [f"The reference: Case “{case}”: {problem}" for case, problem in problems.items() if problem]
    if told:
        raise AnalysisError(told)


def _region_problem(text: str) -> str | None:
    try:
        parse_boxes(text)
    except RegionError as error:
        return f"{error} Write “none” where nothing is marked."
    return None


def _off_scale(cells: Cells, declared: Declared, scale: Scale, row: int) -> str:
    text = cells.texts[cells.value[row]]
    who = f"reader “{cells.readers[cells.reader[row]]}” for case “{cells.cases[cells.case[row]]}”"
    if is_blank_word(text):
        return f"“{text}” of {who} is no value. Leave missing ratings empty, or declare it as a category in a plan."
    if declared.categories is None and declared.kind not in (Kind.NOMINAL, Kind.BINARY):
        comma = " Write decimals with a point." if as_number(text.replace(",", ".")) is not None else ""
        return (
            f"“{text}” of {who} is not a number, as “{cells.criterion}” needs.{comma} "
            "Leave missing ratings empty."
        )
    known = ", ".join(map(str, scale.categories))
    return (
        f"“{text}” of {who} is not on the scale of “{cells.criterion}” ({known}). "
        "Correct the value, leave it empty if it is missing, or declare the category."
    )


def _numbers(scale: Scale, codes: IntArray) -> FloatArray:
    if not (scale.numeric or scale.ordered):
        return np.full(len(codes), np.nan)
    found: FloatArray = np.append(scale.values(), np.nan)[codes]
    return found


def _positive(question: Question) -> int | None:
    said, scale = question.declared.positive, question.scale
    if question.kind not in (Kind.NOMINAL, Kind.BINARY):
        return None
    if said is not None:
        code = place_of(scale, str(said)) if isinstance(said, str) else scale.code(said)
        code = scale.code(str(said)) if code is None else code
        if code is None:
            raise AnalysisError(
                [f"The plan: The positive category “{said}” of “{question.name}” is not among its values."]
            )
        return code
    if question.kind == Kind.BINARY and len(scale.categories) == 2:
        pair = pair_of([str(category) for category in scale.categories])
        names = [str(category) for category in scale.categories]
        return names.index(pair[1]) if pair else 1
    return None


def _acceptable(question: Question) -> FloatArray | None:
    said = question.declared.acceptable
    if said is None:
        if question.positive is None:
            return None
        return _flags(question.scale, [question.positive])
    if isinstance(said, str):
        return cut_marks(question, said)
    codes = [question.scale.code(label) for label in said]
    codes = [
        question.scale.code(str(label)) if code is None else code
        for code, label in zip(codes, said, strict=True)
    ]
    if None in codes and question.declared.categories is not None:
        raise AnalysisError([f"The plan: An acceptable value of “{question.name}” is not on its scale."])
    return _flags(question.scale, [code for code in codes if code is not None])


def _flags(scale: Scale, codes: Sequence[int]) -> FloatArray:
    flags: FloatArray = np.isin(np.arange(len(scale.categories)), codes).astype(np.float64)
    return flags


def cut_marks(question: Question, cut: str) -> FloatArray:
    """Return 1 for each category that a cut such as ">=4" or ">=good" lets through, else 0."""
    scale = question.scale
    sign = cut[: len(cut) - len(cut.lstrip("<>="))]
    named = scale.code(cut[len(sign) :].strip())
    try:
        values = scale.values() if len(scale.categories) else np.zeros(0)
        if named is not None and scale.categories:
            return Cut(_signed(sign), float(values[named])).holds(values)
        return Cut.parse(cut).holds(values)
    except ScaleError:
        raise AnalysisError(
            [
                f'The plan: The cut “{cut}” of “{question.name}” is not a comparison with a value. Write it like ">=4".'
            ]
        ) from None


def _signed(sign: str) -> str:
    if sign not in (">=", "<=", ">", "<", "=="):
        raise ScaleError("This is no comparison.")
    return sign


def _cut_of(question: Question) -> str | None:
    said = question.declared.positive
    return said if isinstance(said, str) and said.strip()[:1] in tuple("<>=") else None


def _abnormal(question: Question, labels: Labels, plan: Plan, own: bool) -> Mapping[str, bool]:
    distinct = sorted(set(labels.values()))
    positive = _positive_labels(question, distinct, plan)
    if positive:
        return {case: label in positive for case, label in labels.items()}
    if positive is None and not own and len(distinct) > 2:
        return {}
    told = ", ".join(f"“{label}”" for label in distinct[:6])
    raise AnalysisError(
        [
            f"The reference: The labels of “{question.name}” are {told}; which one is the positive one? "
            "Name it under “positive” of this criterion in the plan."
        ]
    )


def _positive_labels(question: Question, distinct: Sequence[str], plan: Plan) -> frozenset[str] | None:
    # What the criterion says; else a pair of known words; else what another criterion calls positive.
    said = question.declared.positive
    if said is not None and _cut_of(question) is None:
        same = frozenset(label for label in distinct if spelling(label) == spelling(str(said)))
        return same or (frozenset({str(said)}) if len(distinct) == 1 else same)
    pair = pair_of(distinct)
    if pair is not None:
        same = frozenset(label for label in distinct if spelling(label) == spelling(pair[1]))
        return same or frozenset({pair[1]})
    others = {spelling(str(each.positive)) for each in plan.criteria.values() if each.positive is not None}
    return frozenset(label for label in distinct if spelling(label) in others) or None


def _plain(number: float) -> int | float:
    return int(number) if number == int(number) else number
