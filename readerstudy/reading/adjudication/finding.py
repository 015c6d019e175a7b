"""The disagreements among readers, and nothing else: a pure function of the rules and the submitted answers."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from readerstudy.reading.adjudication.comparing import Rule, sets_off


@dataclass(frozen=True, order=True)
class Screen:
    """A case and the arms whose texts stand beside it, both by primary key; the arms in their order in the study."""

    case: int
    arms: tuple[int, ...]


@dataclass(frozen=True)
class Place:
    """What was asked: a criterion by its key, about the text of an arm, or with none about case or pair; or a part."""

    criterion: str
    arm: int | None = None
    part: str = ""


@dataclass(frozen=True)
class Given:
    """The last answer of one reader (a membership's primary key) at one place of a screen.

    `value` is what is compared, told as if the arms of the screen stood as A, B … in their order: the answer itself, of
    a drawn length its number. It is empty for “cannot judge”. `drawn` is the answer where it is not what is compared.
    """

    screen: Screen
    place: Place
    reader: int
    value: str
    cannot_judge: bool = False
    drawn: str = ""


@dataclass(frozen=True)
class Disagreement:
    """A place of a screen where the answers set off a rule: by which trigger, and whose answers they are."""

    screen: Screen
    place: Place
    trigger: str
    readers: tuple[int, ...]


def disagreements(rules: Sequence[Rule], given: Iterable[Given]) -> list[Disagreement]:
    """Every place where a rule is set off, once, by the first rule in their order; in the order of the answers.

    “Cannot judge” is no answer: whoever could not judge disagrees with nobody.
    """
    by_criterion = defaultdict(list)
    for rule in rules:
        by_criterion[rule.criterion].append(rule)
    answers: dict[tuple[Screen, Place], dict[int, str]] = defaultdict(dict)
    for each in given:
        if each.value and each.place.criterion in by_criterion:
            answers[each.screen, each.place][each.reader] = each.value
    found = (_first(by_criterion[where[1].criterion], *where, said) for where, said in answers.items())
    return [each for each in found if each]


def _first(rules: Sequence[Rule], screen: Screen, place: Place, said: dict[int, str]) -> Disagreement | None:
    for rule in rules:
        if sets_off(rule, list(said.values())):
            return Disagreement(screen, place, rule.trigger, tuple(sorted(said)))
    return None
