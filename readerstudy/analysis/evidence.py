"""Everything that a report rests on, read once: the long table as arrays, the outputs, and the hash of both."""

from __future__ import annotations

import hashlib
import json
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

import numpy as np

from readerstudy.analysis import cells
from readerstudy.analysis.adjudicated import facts_of
from readerstudy.analysis.course import Course
from readerstudy.analysis.declared import Declared
from readerstudy.analysis.labels import own_label
from readerstudy.analysis.last_answers import LastAnswers
from readerstudy.analysis.replicates import Replicates, replicates_of
from readerstudy.analysis.snapshot import one_moment
from readerstudy.analysis.table import LongTable, Record, label_of, reference_of
from readerstudy.generation.models import Attempt, Generation, Interpretation, Stage, Verdict
from readerstudy.generation.verdicts.agreement import Agreement, agreement_of
from readerstudy.reading.adjudication.table import Row, rows
from readerstudy.reading.board import has_checks
from readerstudy.reading.check_outcomes import Outcome, outcomes_of
from readerstudy.reading.manifest import ARM_FIELDS, CRITERION_FIELDS
from readerstudy.reading.models import AllocationPlan
from readerstudy.reading.protocol import frozen_of
from readerstudy.stats.arrays import BoolArray, FloatArray
from readerstudy.stats.inference import Inference, seed_from
from readerstudy.stats.intervals import Correction
from readerstudy.stats.scale import Scale
from readerstudy.studies.lifecycle import State
from readerstudy.studies.models import Arm, Criterion, Design, Kind, Study, Unblinding
from readerstudy.studies.models.criterion import Option, Scope

FINAL = frozenset({State.CLOSED, State.DATA_LOCKED, State.UNBLINDED, State.ARCHIVED})
PROTOCOL_FIELDS = ("key", "title", "question", "refusal_policy", "positive_label", "protocol_version")
LOST = ("failed", "lost")
FIGURED = frozenset(
    {
        Kind.LIKERT,
        Kind.YES_NO,
        Kind.SINGLE_CHOICE,
        Kind.INTEGER,
        Kind.NUMBER,
        Kind.VISUAL_ANALOGUE,
        Kind.FREE_TEXT,
    }
)
"""The kinds that figures by arm are made of; answers of all others are in the long table."""
PIECES = frozenset({Scope.FINDING, Scope.SENTENCE, Scope.STEP})
Records = tuple[Record, ...]


@dataclass(frozen=True)
class Sheet:
    """The ratings of one question. Arrays have the shape (arms, cases, readers), in the table's order.

    `scores` holds numbers for scored questions and places among the options for choices, NaN where there is no rating.
    `refused` marks readings that "as intended" counts as failures; `shown` what was planned to be shown. `worst` holds
    what the protocol itself scores a hidden refusal as, NaN everywhere else; no reader gave it, so `scores` has it not.
    """

    criterion: Criterion
    scores: FloatArray
    shown: BoolArray
    refused: BoolArray
    cannot_judge: BoolArray
    withdrawn: BoolArray
    worst: FloatArray

    @classmethod
    def blank(cls, criterion: Criterion, shape: tuple[int, int, int]) -> Sheet:
        masks = {
            name: np.zeros(shape, dtype=np.bool_)
            for name in ("shown", "refused", "cannot_judge", "withdrawn")
        }
        blank = np.full(shape, np.nan)
        return cls(criterion=criterion, scores=blank, worst=blank.copy(), **masks)

    @property
    def rated(self) -> BoolArray:
        rated: BoolArray = ~np.isnan(self.scores)
        return rated

    @property
    def scored_by_rule(self) -> BoolArray:
        """Where a refusal is scored as the worst of the scale."""
        by_rule: BoolArray = ~np.isnan(self.worst)
        return by_rule

    @property
    def options(self) -> list[Option]:
        """The declared options in the order of `scale`."""
        options: list[Option] = self.criterion.options
        if self.criterion.is_scored:
            return sorted(options, key=lambda option: float(option["value"]))
        return options

    @property
    def scale(self) -> Scale | None:
        """The declared scale of questions with options: numbers from the lowest, or choices as declared; else None."""
        kind = Kind(self.criterion.kind)
        if kind == Kind.SINGLE_CHOICE:
            return Scale(tuple(self.criterion.values))
        if kind.has_options:
            numbers = tuple(float(option["value"]) for option in self.options)
            return Scale(numbers, ordered=kind == Kind.LIKERT)
        return None


@dataclass(frozen=True)
class Outputs:
    """What became of the wanted outputs of one arm. Arrays run over the cases.

    `labels` holds the label each text names, None where it names none, `said` its verdict; `failures` counts outputs
    that infrastructure lost for good, `calls_lost` calls that failed on the way, retried ones included.
    """

    declined: BoolArray
    present: BoolArray
    labels: list[str | None]
    said: list[str | None]
    verdicts: Counter[str] = field(default_factory=Counter)
    failures: int = 0
    waiting: int = 0
    calls_lost: int = 0

    @property
    def responses(self) -> int:
        """Outputs that are a response of the model, refusals included; a vendor's error text is none."""
        return sum(self.verdicts.values()) - self.verdicts[Verdict.ERROR]


@dataclass(frozen=True)
class Evidence:
    """The input of one report, named by its SHA-256."""

    table: LongTable
    sheets: dict[str, Sheet]
    outputs: dict[int, Outputs]
    replicates: dict[int, Replicates]
    verdict_agreement: Agreement
    repeats: int
    sha256: str
    declared: Declared = field(default_factory=Declared)
    last_answers: LastAnswers = field(default_factory=LastAnswers)
    course: Course = field(default_factory=Course)
    again: Mapping[str, Records] = field(default_factory=dict)
    """Ratings of outputs that were shown a second time, by the question's key."""
    compared: Mapping[str, Records] = field(default_factory=dict)
    """Comparisons of two outputs beside each other, by the question's key."""
    of_cases: Mapping[str, Records] = field(default_factory=dict)
    """Answers about the case from every presentation of it, by the question's key."""
    of_pieces: Mapping[str, Records] = field(default_factory=dict)
    """Answers about sentences, findings or steps of outputs at their first presentation, by the question's key."""
    others: int = 0
    """Ratings that are in no sheet: of comparisons, cases, pieces of texts, and kinds without figures by arm."""
    adjudicated: tuple[Row, ...] = ()
    checks: tuple[Outcome, ...] = ()

    @property
    def second_stage(self) -> tuple[Criterion, ...]:
        """The questions that whoever settles disagreements answers about some cases."""
        return frozen_of(self.study).terms.second

    @property
    def study(self) -> Study:
        return self.table.study

    @property
    def is_interim(self) -> bool:
        """Whether readers can still give ratings."""
        return self.study.state not in FINAL

    @cached_property
    def arms(self) -> list[Arm]:
        return list(self.table.arms.values())

    @cached_property
    def cases(self) -> tuple[str, ...]:
        return tuple(case.code for case in self.table.cases.values())

    @cached_property
    def readers(self) -> tuple[str, ...]:
        return tuple(reader.pseudonym for reader in self.table.readers.values())

    @property
    def inference(self) -> Inference:
        """How figures are computed: as the protocol says, else in the usual way."""
        plan = self.declared.analysis
        told = {name: plan[name] for name in ("level", "resamples", "seed") if name in plan}
        return Inference(**{"seed": seed_of(self.study), **told})

    @property
    def correction(self) -> Correction:
        """How the p-values of one family are corrected: as the protocol says, else by Holm's method."""
        found: Correction = self.declared.analysis.get("multiplicity", "holm")
        return found

    @property
    def has_ratings(self) -> bool:
        return any(sheet.rated.any() for sheet in self.sheets.values())


def seed_of(study: Study) -> int:
    """The seed of the report's resampling: fixed by the study's secret seed, which it does not give away."""
    return seed_from("report", study.key, str(study.seed))


def gather(study: Study) -> Evidence:
    """Reads everything at one moment of the database."""
    with one_moment():
        study = Study.objects.get(pk=study.pk)
        table = LongTable.of(study)
        outputs, replicates, agreement = _outputs(table), replicates_of(table), agreement_of(study)
        digest = hashlib.sha256(_protocol(table, outputs, replicates, agreement))
        last_answers, course = LastAnswers.of(study), Course.of(study)
        digest.update(_facts_of(last_answers))
        digest.update(course.facts)
        adjudicated, checks = list(rows(study)), _checks(study)
        digest.update(facts_of(study, adjudicated, {pk: arm.name for pk, arm in table.arms.items()}))
        digest.update(_facts_of_checks(checks))
        read = _read(table, digest)
        declared = Declared.of(table)
    return Evidence(
        table=table,
        sheets={sheet.criterion.key: sheet for sheet in read.sheets.values()},
        outputs=outputs,
        replicates=replicates,
        verdict_agreement=agreement,
        repeats=read.repeats,
        sha256=digest.hexdigest(),
        declared=declared,
        last_answers=last_answers,
        course=course,
        again=read.by_key(table, read.again),
        compared=read.by_key(table, read.compared),
        of_cases=read.by_key(table, read.of_cases),
        of_pieces=read.by_key(table, read.of_pieces),
        others=read.others,
        adjudicated=tuple(adjudicated),
        checks=checks,
    )


def _facts_of(last_answers: LastAnswers) -> bytes:
    """The answers after the last case as canonical JSON; nothing where the protocol asks none."""
    facts = last_answers.facts
    return json.dumps(facts, separators=(",", ":"), ensure_ascii=False).encode() if facts else b""


def _checks(study: Study) -> tuple[Outcome, ...]:
    """What became of the attention checks of the locked plan; they are in no figure."""
    plan = AllocationPlan.objects.locked(study)
    return tuple(outcomes_of(plan)) if has_checks(plan) else ()


def _facts_of_checks(checks: Sequence[Outcome]) -> bytes:
    """The outcomes as canonical JSON; nothing where the protocol has no checks."""
    facts = [[each.seat, each.made_of, each.position, each.passed] for each in checks]
    return json.dumps(facts, separators=(",", ":")).encode() if facts else b""


@dataclass
class _Read:
    # What one pass over the long table leaves: arrays by question, and the records that arrays do not hold.
    sheets: dict[int, Sheet]
    places: _Places
    again: dict[int, list[Record]] = field(default_factory=lambda: defaultdict(list))
    compared: dict[int, list[Record]] = field(default_factory=lambda: defaultdict(list))
    of_cases: dict[int, list[Record]] = field(default_factory=lambda: defaultdict(list))
    of_pieces: dict[int, list[Record]] = field(default_factory=lambda: defaultdict(list))
    repeats: int = 0
    others: int = 0

    def take(self, record: Record, table: LongTable) -> None:
        if record.criterion not in self.sheets:
            self._keep(record, table.criteria[record.criterion])
        elif record.repeat == 1:
            _fill(self.sheets[record.criterion], self.places.of_record(record), record, table)
        elif record.is_rated:
            self.repeats += 1
            if record.repeat == 2:
                self.again[record.criterion].append(record)

    def _keep(self, record: Record, criterion: Criterion) -> None:
        self.others += record.is_rated
        if record.is_rated and is_comparison(criterion):
            self.compared[record.criterion].append(record)
        elif record.is_rated and criterion.applies_to == Scope.CASE:
            self.of_cases[record.criterion].append(record)
        elif record.is_rated and criterion.applies_to in PIECES and record.repeat == 1:
            self.of_pieces[record.criterion].append(record)

    @staticmethod
    def by_key(table: LongTable, found: dict[int, list[Record]]) -> dict[str, Records]:
        return {table.criteria[pk].key: tuple(records) for pk, records in found.items()}


def _read(table: LongTable, digest: Any) -> _Read:
    """The arrays, filled while the bytes of the exported table go into the hash."""
    shape = (len(table.arms), len(table.cases), len(table.readers))
    sheets = {pk: Sheet.blank(row, shape) for pk, row in table.criteria.items() if is_figured(row)}
    read = _Read(sheets, _Places.of(table))
    digest.update(cells.write([table.header]))
    for portion in table.portions():
        digest.update(cells.write(map(table.row, portion)))
        for record in portion:
            read.take(record, table)
    return read


def is_comparison(criterion: Criterion) -> bool:
    """Whether a question sets two outputs beside each other."""
    return criterion.applies_to == Scope.PAIR and criterion.kind == Kind.COMPARATIVE


def is_figured(criterion: Criterion) -> bool:
    """Whether a question is asked about each output and answered in a way that figures by arm are made of."""
    return criterion.applies_to == Scope.OUTPUT and Kind(criterion.kind) in FIGURED


Place = tuple[int, int, int]


@dataclass(frozen=True)
class _Places:
    # Where arms, cases and readers stand in the arrays, by primary key.
    arms: dict[int, int]
    cases: dict[int, int]
    readers: dict[int, int]

    @classmethod
    def of(cls, table: LongTable) -> _Places:
        return cls(
            *(
                {pk: place for place, pk in enumerate(rows)}
                for rows in (table.arms, table.cases, table.readers)
            )
        )

    def of_record(self, record: Record) -> Place:
        return self.arms[record.arm or 0], self.cases[record.case], self.readers[record.reader]


def _fill(sheet: Sheet, place: Place, record: Record, table: LongTable) -> None:
    sheet.shown[place] = record.shown
    if record.is_rated:
        sheet.scores[place] = number_of(sheet.criterion, record)
    elif record.cannot_judge:
        sheet.cannot_judge[place] = True
    elif record.events:
        sheet.withdrawn[place] = True
    if table.counts_as_refused(record):
        sheet.refused[place] = True
    if (by_rule := table.score_by_rule(record)) is not None:
        sheet.worst[place] = by_rule


def number_of(criterion: Criterion, record: Record) -> float:
    """What a rating counts as: its score, the place of its choice, or 1 where there is neither."""
    if record.score is not None:
        return record.score
    return float(criterion.values.index(record.value)) if criterion.options else 1.0


def _outputs(table: LongTable) -> dict[int, Outputs]:
    places = {pk: place for place, pk in enumerate(table.cases)}
    labels = sorted({label_of(case) for case in table.cases.values()} - {""})
    found = {pk: _no_outputs(len(places)) for pk in table.arms}
    texts = Interpretation.objects.filter(
        generation__arm__study=table.study, generation__case__in=table.cases, generation__replicate=1
    )
    read = ("text", "extraction__label", "extraction__status")
    columns = texts.order_by("pk").values_list("pk", "generation__arm_id", "generation__case_id", *read)
    for pk, arm, case, text, extracted, status in columns.iterator(chunk_size=500):
        outputs, place, judged = found[arm], places[case], table.verdicts[pk]
        outputs.present[place] = True
        outputs.declined[place] = judged.declined
        outputs.labels[place] = own_label(text, extracted, status, labels)
        outputs.said[place] = judged.verdict
        outputs.verdicts[judged.verdict] += 1
    return {pk: _with_failures(table, pk, outputs) for pk, outputs in found.items()}


def _no_outputs(cases: int) -> Outputs:
    declined, present = np.zeros(cases, dtype=np.bool_), np.zeros(cases, dtype=np.bool_)
    return Outputs(declined=declined, present=present, labels=[None] * cases, said=[None] * cases)


def _with_failures(table: LongTable, arm: int, outputs: Outputs) -> Outputs:
    wanted = Generation.objects.filter(arm=arm, case__in=table.cases)
    failed = wanted.filter(stage=Stage.FAILED).count()
    waiting = wanted.exclude(stage__in=[Stage.FAILED, Stage.DONE]).count()
    lost = Attempt.objects.filter(generation__in=wanted, outcome__in=LOST).count()
    failures = failed + outputs.verdicts[Verdict.ERROR]
    return replace(outputs, failures=failures, waiting=waiting, calls_lost=lost)


def _protocol(
    table: LongTable, outputs: dict[int, Outputs], replicates: dict[int, Replicates], agreement: Agreement
) -> bytes:
    """What is not in the long table but decides the report, in canonical JSON."""
    study = table.study
    facts = {
        "study": {name: getattr(study, name) for name in PROTOCOL_FIELDS},
        "manifest": study.manifest_sha256,
        "blinded": table.blinding.is_blinded,
        "unblindings": list(Unblinding.objects.of(study).values_list("case_code", "is_planned", "reason")),
        "seed": seed_of(study),
        **_declared(study),
        "arms": list(Arm.objects.filter(pk__in=table.arms).order_by("position").values(*ARM_FIELDS)),
        "criteria": [
            {name: getattr(row, name) for name in CRITERION_FIELDS} for row in table.criteria.values()
        ],
        "cases": [[case.code, reference_of(case)] for case in table.cases.values()],
        **_marks_of_reference(table),
        "outputs": [
            {
                "verdicts": sorted(found.verdicts.items()),
                "declined": found.declined.tolist(),
                "present": found.present.tolist(),
                "labels": found.labels,
                "failures": [found.failures, found.waiting, found.calls_lost],
            }
            for found in outputs.values()
        ],
        "replicates": [[pk, found.labels, found.declined.tolist()] for pk, found in replicates.items()],
        "verdicts_of_people": [
            [row.flagged, row.flagged_judged, row.unflagged, row.sampled, row.sampled_judged]
            + [[pair.automatic, pair.human, pair.count] for pair in row.pairs]
            for row in agreement.arms
        ],
    }
    return json.dumps(facts, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()


def _marks_of_reference(table: LongTable) -> dict[str, Any]:
    """The reference marks, where there are some."""
    told = [[case.code, case.reference.marks] for case in table.cases.values() if hasattr(case, "reference")]
    marked = [each for each in told if each[1] is not None]
    return {"reference_marks": marked} if marked else {}


def _declared(study: Study) -> dict[str, Any]:
    """The declared endpoints and analysis, where there are some."""
    design = Design.objects.of(study)
    told = {name: design.section(name) for name in ("endpoints", "analysis")}
    return {name: content for name, content in told.items() if content}
