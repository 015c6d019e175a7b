"""From a table, a plan and a reference to every estimate that they admit."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from importlib.metadata import version
from pathlib import Path
from platform import python_version
from typing import Any

import numpy as np

from readerstudy import __version__
from readerstudy.stats.analyse.duel import Duel, duel
from readerstudy.stats.analyse.families.all import families_of
from readerstudy.stats.analyse.families.preference import pair_contrast
from readerstudy.stats.analyse.guess import guessed
from readerstudy.stats.analyse.names import in_order
from readerstudy.stats.analyse.plan import Declared, Plan, read_plan
from readerstudy.stats.analyse.problems import AnalysisError
from readerstudy.stats.analyse.question import Question, has_categories
from readerstudy.stats.analyse.reference import Reference, read_reference
from readerstudy.stats.analyse.resolve import resolved
from readerstudy.stats.analyse.table import Cells, Table, read_table, sha256_of
from readerstudy.stats.estimate import Estimate
from readerstudy.stats.scale import Kind

FIELDS = (
    "estimator", "variant", "criterion", "arm", "contrast", "reader", "category", "value", "se", "ci", "level",
    "ci_method", "p", "statistic", "df", "n_cases", "n_readers", "n_ratings", "n_missing", "seed", "resamples",
    "reason",
)  # fmt: skip
"""The fields of an estimate in the JSON, in this order."""


@dataclass(frozen=True, kw_only=True)
class Analysis:
    """Every estimate of a table, what was assumed for it, and the files it is of."""

    estimates: tuple[Estimate, ...]
    criteria: tuple[Question, ...]
    plan: Plan
    notes: tuple[str, ...]
    sha256: str
    plan_sha256: str | None
    reference_sha256: str | None

    @property
    def guesses(self) -> tuple[str, ...]:
        """What was guessed, a sentence for each criterion."""
        return tuple(_guess_sentence(question) for question in self.criteria if question.declared.guessed)

    def as_dict(self) -> dict[str, Any]:
        """Return the analysis as plain JSON values."""
        return {
            "input_sha256": self.sha256,
            "plan_sha256": self.plan_sha256,
            "reference_sha256": self.reference_sha256,
            "software": software(),
            "level": self.plan.inference.level,
            "resamples": self.plan.inference.resamples,
            "seed": self.plan.inference.seed,
            "criteria": [_criterion(question) for question in self.criteria],
            "notes": [*self.guesses, *self.notes],
            "cautions": self._cautions(),
            "estimates": [as_row(estimate) for estimate in self.estimates],
        }

    def _cautions(self) -> dict[str, dict[str, Any]]:
        found: dict[str, dict[str, Any]] = {}
        for at, estimate in enumerate(self.estimates):
            for caution in estimate.cautions:
                told = found.setdefault(caution.value, {"sentence": caution.sentence, "estimates": []})
                told["estimates"].append(at)
        return dict(sorted(found.items()))


def analyse(ratings: Path, *, plan: Path | None = None, reference: Path | None = None) -> Analysis:
    """Return every estimate that a long table admits.

    ``ratings`` is a CSV file, ``plan`` a YAML file that says what the criteria are (guessed without one), and
    ``reference`` a CSV file with the reference standard.

    Raises AnalysisError with a sentence for everything that is wrong in the files, and OSError for a file that cannot
    be opened; nothing is computed then.
    """
    declared = read_plan(plan) if plan is not None else Plan()
    table = read_table(ratings)
    labels = read_reference(reference) if reference is not None else Reference()
    questions, notes = _questions(table, declared, labels)
    return Analysis(
        estimates=tuple(estimate for question in questions for estimate in estimates_of(question)),
        criteria=tuple(questions),
        plan=declared,
        notes=tuple(notes),
        sha256=sha256_of(ratings),
        plan_sha256=None if plan is None else sha256_of(plan),
        reference_sha256=None if reference is None else sha256_of(reference),
    )


def estimates_of(question: Question) -> Iterator[Estimate]:
    """Yield every estimate of a criterion."""
    preference = question.kind == Kind.PREFERENCE
    for family in families_of(question.kind):
        for estimate in family(question):
            named = pair_contrast(estimate, question) if preference else estimate
            yield replace(named, criterion=question.name)


def as_row(estimate: Estimate) -> dict[str, Any]:
    """Return the documented fields of an estimate, in their order."""
    given = estimate.as_dict()
    return {name: given[name] for name in FIELDS}


def software() -> dict[str, str]:
    """Return the versions that the figures were computed with."""
    return {
        "readerstudy": __version__,
        "python": python_version(),
        "numpy": version("numpy"),
        "scipy": version("scipy"),
        "generator": "PCG64",
    }


def _questions(table: Table, plan: Plan, reference: Reference) -> tuple[list[Question], list[str]]:
    cells = {each.criterion: each for each in table.cells}
    names = [*plan.criteria, *(name for name in cells if name not in plan.criteria)]
    if not names:
        raise AnalysisError(
            ["The table has no ratings below its first line. Add them, or declare the criteria in a plan."]
        )
    questions: list[Question] = []
    problems: list[str] = []
    for name in names:
        own = cells.get(name) or _nothing(name)
        declared = plan.criteria.get(name) or guessed(own, list(reference.of(name).values()))
        try:
            questions.append(_question(own, declared, reference, plan))
        except AnalysisError as error:
            problems += error.found
    _check_reference_arm(questions, plan, problems)
    if problems:
        raise AnalysisError(problems)
    return questions, [*_notes(table, plan, reference, cells), *_left_out(questions)]


def _question(cells: Cells, declared: Declared, reference: Reference, plan: Plan) -> Question:
    if declared.kind == Kind.PREFERENCE:
        return duel(cells, declared, plan)
    return resolved(cells, declared, reference, plan)


def _check_reference_arm(questions: list[Question], plan: Plan, problems: list[str]) -> None:
    arms = {arm for question in questions for pair in question.arms for arm in pair.split("|")}
    if plan.reference_arm is not None and arms and plan.reference_arm not in arms:
        problems.append(f"The plan, reference_arm: No comparison has the arm “{plan.reference_arm}”.")


def _notes(table: Table, plan: Plan, reference: Reference, cells: dict[str, Cells]) -> list[str]:
    notes = []
    if table.ignored_columns:
        names = ", ".join(f"“{name}”" for name in table.ignored_columns)
        notes.append(f"Columns that were not read: {names}.")
    for name in plan.criteria:
        if name not in cells:
            notes.append(f"The plan declares “{name}”, of which the table has no row.")
    for criterion in in_order(name for name in reference.by_criterion if name is not None):
        if criterion not in cells:
            notes.append(f"The reference has labels for “{criterion}”, of which the table has no row.")
    return notes


def _left_out(questions: list[Question]) -> list[str]:
    counts = {each.name: each.without_side for each in questions if isinstance(each, Duel)}
    return [
        f"“{name}”: {count} refused comparisons do not say in the column side which side refused; "
        "they count as missing."
        for name, count in counts.items()
        if count
    ]


def _nothing(name: str) -> Cells:
    none = np.zeros(0, dtype=np.int64)
    return Cells(
        criterion=name, readers=(), cases=(), arms=(), texts=(), reader=none, case=none, arm=none, value=none,
        repeat=none, period=none, position=none, side=none, count=none, line=none,
    )  # fmt: skip


def _criterion(question: Question) -> dict[str, Any]:
    declared = question.declared
    positive = declared.positive if question.positive is None else question.category(question.positive)
    return {
        "criterion": question.name,
        "kind": declared.kind.value,
        "categories": list(question.scale.categories) if has_categories(question) else None,
        "acceptable": list(declared.acceptable)
        if isinstance(declared.acceptable, tuple)
        else declared.acceptable,
        "positive": positive,
        "primary": declared.primary,
        "guessed": declared.guessed,
    }


def _guess_sentence(question: Question) -> str:
    categories = question.scale.categories
    told = ", ".join(map(str, categories[:12])) + (", …" if len(categories) > 12 else "")
    positive = "" if question.positive is None else f", positive: {question.category(question.positive)}"
    return (
        f"Guessed without a plan: “{question.name}” is {question.kind.value} with the values {told}{positive}. "
        "Declare it in a plan if that is wrong."
    )
