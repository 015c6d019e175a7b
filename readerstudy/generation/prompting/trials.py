"""How far a model with a prompt version agrees with people on the validation cases."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property

from django.db.models import Prefetch, QuerySet
from django.utils.translation import gettext as _

from readerstudy.generation.models import (
    DECLINED,
    Extraction,
    Generation,
    Interpretation,
    RefusalVerdict,
    Stage,
    Status,
    Trial,
)
from readerstudy.providers.prompts import layout
from readerstudy.providers.prompts.checks import fold
from readerstudy.stats.agreement import cohen_kappa
from readerstudy.stats.agreement.weights import Weights
from readerstudy.stats.estimate import Estimate
from readerstudy.stats.intervals import proportion
from readerstudy.stats.ratings import read_ratings
from readerstudy.stats.scale import Kind
from readerstudy.studies.models import PromptVersion


@dataclass(frozen=True, slots=True)
class Tried:
    """One validation case in a trial. `human` is the reference label in the rubric's spelling, else as written.

    `laid_out` is a reply in JSON as a text to read, empty for any other.
    """

    generation: Generation
    human: str
    model: str = ""
    text: str = ""
    is_declined: bool = False
    is_unparsable: bool = False
    problem: str = ""
    laid_out: str = ""

    @property
    def is_done(self) -> bool:
        return self.generation.stage == Stage.DONE

    @property
    def agrees(self) -> bool:
        return bool(self.model) and self.model == self.human


@dataclass(frozen=True)
class Figures:
    """What a trial gave. Every case with a reply and a human level counts in n, refused and unparsable ones too."""

    trial: Trial
    rows: tuple[Tried, ...]
    levels: tuple[str, ...]
    is_ordered: bool

    @cached_property
    def counted(self) -> list[Tried]:
        """Rows with a reply whose human level is a level of the rubric."""
        return [row for row in self.rows if row.is_done and row.human in self.levels]

    @property
    def is_active(self) -> bool:
        return any(row.generation.stage in (Stage.QUEUED, Stage.RUNNING) for row in self.rows)

    @property
    def n(self) -> int:
        return len(self.counted)

    @property
    def failed(self) -> int:
        return sum(row.generation.stage == Stage.FAILED for row in self.rows)

    @property
    def agreeing(self) -> int:
        return sum(row.agrees for row in self.counted)

    @property
    def declined(self) -> int:
        return sum(row.is_declined for row in self.counted)

    @property
    def unparsable(self) -> int:
        """Replies without a level that are no refusal."""
        return sum(row.is_unparsable and not row.is_declined for row in self.counted)

    @property
    def unlabelled(self) -> int:
        """Cases whose human level is missing or is no level of the rubric; they are in no figure."""
        return sum(row.human not in self.levels for row in self.rows)

    @property
    def disagreements(self) -> list[Tried]:
        return [row for row in self.counted if not row.agrees]

    @property
    def others(self) -> list[Tried]:
        """Every row that is no disagreement."""
        apart = {row.generation.pk for row in self.disagreements}
        return [row for row in self.rows if row.generation.pk not in apart]

    @property
    def tables(self) -> list[tuple[str, list[Tried]]]:
        """What differs first, then the rest."""
        return [(_("Where model and people differ"), self.disagreements), (_("The other cases"), self.others)]

    @property
    def as_rows(self) -> list[Figures]:
        return [self]

    @cached_property
    def accuracy(self) -> Estimate:
        """Share of cases on the human level, a reply without a level counted as not on it; Wilson's interval."""
        return proportion("accuracy", self.agreeing, self.n)

    @cached_property
    def kappa(self) -> Estimate | None:
        """Cohen's kappa over the replies with a level, linearly weighted where levels are ordered; None without any."""
        both = [(row.human, row.model) for row in self.counted if row.model in self.levels]
        if not both:
            return None
        kind = Kind.ORDINAL if self.is_ordered else Kind.NOMINAL
        ratings = read_ratings(both, categories=self.levels, kind=kind, readers=["human", "model"])
        weights: Weights = "linear" if self.is_ordered else "unweighted"
        return cohen_kappa(ratings, "human", "model", weights=weights)


def figures_of(trials: Iterable[Trial]) -> list[Figures]:
    """The figures of trials, newest first, in a fixed number of queries."""
    found = sorted(trials, key=lambda trial: -trial.pk)
    rows = _rows(found)
    told: dict[int, list[Generation]] = {trial.pk: [] for trial in found}
    for row in rows:
        told[row.trial_id or 0].append(row)
    return [_figures(trial, told[trial.pk]) for trial in found]


def newest_figures(versions: Sequence[PromptVersion]) -> dict[int, Figures]:
    """For each version that was tried, the figures of its newest trial that has ended."""
    trials = Trial.objects.filter(prompt__in=versions).select_related("prompt", "study")
    newest: dict[int, Figures] = {}
    for figures in figures_of(trials):
        if figures.n and not figures.is_active:
            newest.setdefault(figures.trial.prompt_id, figures)
    return newest


def marks_of(versions: Sequence[PromptVersion]) -> dict[int, str]:
    """What a person who chooses a version is told about its validation."""
    return {pk: _mark(figures) for pk, figures in newest_figures(versions).items()}


def _mark(figures: Figures) -> str:
    low, high = figures.accuracy.ci or (0.0, 1.0)
    told = {
        "n": figures.n,
        "accuracy": f"{figures.accuracy.value or 0:.2f}",
        "low": f"{low:.2f}",
        "high": f"{high:.2f}",
        "model": _model(figures.trial),
    }
    return _("validated on %(n)d cases with %(model)s: accuracy %(accuracy)s (%(low)s to %(high)s)") % told


def _model(trial: Trial) -> str:
    return _("%(model)s (simulated)") % {"model": trial.model} if trial.is_simulated else trial.model


def _rows(trials: Sequence[Trial]) -> QuerySet[Generation]:
    standing = RefusalVerdict.objects.filter(
        pk__in=RefusalVerdict.objects.filter(interpretation__generation__trial__in=trials)
        .standing()
        .values("pk")
    )
    texts = Interpretation.objects.select_related("extraction").prefetch_related(
        Prefetch("verdicts", queryset=standing, to_attr="standing")
    )
    rows = Generation.objects.filter(trial__in=trials, case__left_out_at=None)
    return (
        rows.select_related("case__reference")
        .prefetch_related(Prefetch("interpretation", queryset=texts))
        .order_by("case__position")
    )


def _figures(trial: Trial, rows: Sequence[Generation]) -> Figures:
    prompt = trial.prompt.prompt
    levels = {fold(level): level for level in prompt.levels}
    return Figures(
        trial, tuple(_tried(row, levels) for row in rows), tuple(prompt.levels), prompt.rubric.is_ordered
    )


def _tried(row: Generation, levels: dict[str, str]) -> Tried:
    reference = getattr(row.case, "reference", None)
    written = reference.label if reference else ""
    human = levels.get(fold(written), written)
    interpretation: Interpretation | None = getattr(row, "interpretation", None)
    if interpretation is None:
        return Tried(row, human, problem=row.failure)
    extraction: Extraction | None = getattr(interpretation, "extraction", None)
    label, problem = (extraction.label, extraction.problem) if extraction else ("", "")
    return Tried(
        row,
        human,
        model=label,
        text=interpretation.text,
        is_declined=any(verdict.verdict in DECLINED for verdict in getattr(interpretation, "standing", [])),
        is_unparsable=extraction is None or extraction.status == Status.INVALID or not label,
        problem=problem,
        laid_out=layout(extraction.data) if extraction and extraction.data is not None else "",
    )
