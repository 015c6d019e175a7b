"""Which outputs people confirm, in which order, and what they see: never the arm.

Every flagged output is confirmed, and a random sample of the others, because a detector that misses the refusals of one
vendor biases the study as much as one that cries wolf. Order and sample come from the study's secret seed and an
output's number: they tell nothing, and stay as they are while more outputs come in.
"""

from __future__ import annotations

import hashlib
import hmac
import math
from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import cached_property

from readerstudy.accounts.models import User
from readerstudy.cases.models import Image
from readerstudy.generation.models import FrozenOutput, Interpretation, RefusalVerdict, Sampling, Telling
from readerstudy.generation.running.progress import FLAGGED_OUTCOMES, FLAGGED_VERDICTS
from readerstudy.providers.texts import show_plain
from readerstudy.studies.models import Study


@dataclass(frozen=True, slots=True, order=True)
class Entry:
    """One output to confirm, under a key that tells nothing; entries sort in the order in which they are shown."""

    key: str
    interpretation: int
    is_flagged: bool


@dataclass(frozen=True)
class Queue:
    """Everything to confirm in a study, and who has given a verdict on what.

    `unflagged` counts the outputs from which the sample was drawn; `judges` maps an output to those who judged it;
    what is `frozen` waits for nobody, because its verdict no longer changes.
    """

    entries: tuple[Entry, ...]
    unflagged: int
    people: int
    telling: str
    judges: dict[int, frozenset[int]] = field(default_factory=dict)
    frozen: frozenset[int] = frozenset()

    @cached_property
    def by_key(self) -> dict[str, Entry]:
        return {entry.key: entry for entry in self.entries}

    @property
    def sample(self) -> list[Entry]:
        return [entry for entry in self.entries if not entry.is_flagged]

    @property
    def flagged(self) -> list[Entry]:
        return [entry for entry in self.entries if entry.is_flagged]

    def waiting_for(self, person: User) -> list[Entry]:
        """What this person is to judge next, in order."""
        return [entry for entry in self.entries if self._waits(entry, person.pk)]

    def open(self) -> list[Entry]:
        """What fewer people have judged than the study wants."""
        return [entry for entry in self.entries if self._is_open(entry)]

    @property
    def is_settled(self) -> bool:
        """Whether everything is frozen."""
        return bool(self.entries) and all(entry.interpretation in self.frozen for entry in self.entries)

    def done_by(self, person: User) -> int:
        return sum(person.pk in self._judged(entry) for entry in self.entries)

    def _waits(self, entry: Entry, person: int) -> bool:
        return self._is_open(entry) and person not in self._judged(entry)

    def _is_open(self, entry: Entry) -> bool:
        return entry.interpretation not in self.frozen and len(self._judged(entry)) < self.people

    def _judged(self, entry: Entry) -> frozenset[int]:
        return self.judges.get(entry.interpretation, frozenset())


def sampling_of(study: Study) -> Sampling:
    """The study's choice, or the usual one."""
    return Sampling.objects.filter(study=study).first() or Sampling(study=study)


def queue_of(study: Study) -> Queue:
    """The queue of a study, in four queries."""
    sampling = sampling_of(study)
    rows = RefusalVerdict.objects.of(study).automatic()
    found = list(rows.values_list("interpretation", "verdict", "interpretation__attempt__outcome"))
    flagged = {pk for pk, verdict, outcome in found if is_flagged(verdict, outcome)}
    unflagged = [pk for pk, _verdict, _outcome in found if pk not in flagged]
    chosen = flagged | set(_sample(study, unflagged, sampling))
    entries = sorted(Entry(key_of(study, pk), pk, pk in flagged) for pk in chosen)
    frozen = frozenset(
        FrozenOutput.objects.of(study).exclude(interpretation=None).values_list("interpretation", flat=True)
    )
    return Queue(tuple(entries), len(unflagged), sampling.people, sampling.telling, _judges(study), frozen)


def is_flagged(verdict: str, outcome: str) -> bool:
    """Whether an automatic verdict is one that a person must confirm."""
    return verdict in FLAGGED_VERDICTS or outcome in FLAGGED_OUTCOMES


def key_of(study: Study, interpretation: int) -> str:
    """Names an output in addresses; whoever does not know the study's seed learns nothing from it."""
    return _draw(study, "key", interpretation)[:24]


@dataclass(frozen=True, slots=True)
class ShownEntry:
    """What a person sees of an output: its text and the case's images, and no more."""

    key: str
    text: str
    images: tuple[Image, ...]
    verdict: str


def show_entry(study: Study, queue: Queue, entry: Entry) -> ShownEntry:
    """The page's content for one entry; the verdict is empty unless the study's choice shows it."""
    row = Interpretation.objects.select_related("generation").get(pk=entry.interpretation)
    automatic = RefusalVerdict.objects.filter(interpretation=row).automatic().get()
    spans = [] if queue.telling == Telling.NOTHING else spans_of(row.text, automatic.evidence)
    images = Image.objects.filter(case=row.generation.case_id).order_by("slot")
    verdict = automatic.get_verdict_display() if queue.telling == Telling.VERDICT else ""
    return ShownEntry(entry.key, show_plain(row.text, spans), tuple(images), verdict)


def spans_of(text: str, evidence: str) -> list[tuple[int, int]]:
    """Where the words of a verdict's evidence stand in the text; nothing where they are a vendor's field."""
    words = evidence.strip()
    at = text.find(words) if words else -1
    return [(at, at + len(words))] if at >= 0 else []


def last_of(study: Study, queue: Queue, person: User) -> Entry | None:
    """What this person judged last, to be judged again."""
    known = {entry.interpretation: entry for entry in queue.entries}
    rows = RefusalVerdict.objects.of(study).filter(by=person).order_by("-pk")
    newest = rows.values_list("interpretation", flat=True).first()
    return known.get(newest) if newest is not None else None


def _sample(study: Study, unflagged: Iterable[int], sampling: Sampling) -> list[int]:
    """The outputs with the lowest draws: a random sample that only grows or shifts at its edge as outputs come in."""
    ranked = sorted(unflagged, key=lambda pk: _draw(study, "sample", pk))
    return ranked[: max(sampling.fewest, math.ceil(sampling.share * len(ranked) / 100))]


def _draw(study: Study, what: str, interpretation: int) -> str:
    secret, said = str(study.seed).encode(), f"verdicts:{what}:{interpretation}".encode()
    return hmac.new(secret, said, hashlib.sha256).hexdigest()


def _judges(study: Study) -> dict[int, frozenset[int]]:
    found: dict[int, frozenset[int]] = {}
    rows = RefusalVerdict.objects.of(study).filter(by__isnull=False).values_list("interpretation", "by")
    for interpretation, person in rows:
        found[interpretation] = found.get(interpretation, frozenset()) | {person}
    return found
