"""What makes a question, and a list of questions, answerable. Pure: works on the form of a protocol file.

Every rule yields where in the question it is broken and a sentence that says what to do. The protocol file, the
editor in the browser and every write go through these same rules.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from django.utils.translation import gettext as _

from readerstudy.studies.rubrics.kinds import (
    CASE,
    COUNTED,
    OUTPUT,
    PAIR,
    PARTS,
    SETTLED,
    TAKES,
    Need,
    bins_of,
)
from readerstudy.studies.rubrics.values import as_text, read_number, within_reach

Path = tuple[str | int, ...]
Problems = Iterator[tuple[Path, str]]
Question = Mapping[str, Any]
LONGEST_VALUE = 60
RESERVED = "__"
"""Values that begin like this are the reading page's own words, as for “cannot judge”."""


def problems_among(questions: Sequence[Question], strata: Mapping[str, Sequence[str]] | None) -> Problems:
    """Problems of the questions of a rubric in reading order, each path beginning with the place of its question.

    `strata` maps the names of the study's strata to their levels; None where no stratum can be named.
    """
    keys = Counter(each["key"] for each in questions)
    for place, question in enumerate(questions):
        earlier = {each["key"]: each for each in questions[:place]}
        if keys[question["key"]] > 1 and question["key"] in earlier:
            yield (
                (place, "key"),
                _("“%(name)s” stands here twice. Give each a key of its own.") % {"name": question["key"]},
            )
        for path, sentence in (*problems_of(question), *_conditions(question, earlier, strata)):
            yield (place, *path), sentence


def problems_after_last_case(questions: Sequence[Question]) -> Problems:
    """Problems of the questions that are asked after the last case, where there is no case before the reader."""
    for place, question in enumerate(questions):
        if not TAKES[question["kind"]].after_last_case:
            sentence = _("A question of the kind %(kind)s needs a case. After the last case none is shown.")
            yield (place, "kind"), sentence % {"kind": question["kind"]}
        elif question.get("applies_to", OUTPUT) != CASE:
            yield (place, "applies_to"), _("After the last case no output is shown. Ask about the case.")
        if question.get("stage"):
            yield (place, "stage"), _("After the last case nothing is revealed. Remove the stage.")
    yield from problems_among(questions, None)


def problems_of(question: Question) -> Problems:
    """Problems that a question has by itself."""
    for rule in _RULES:
        yield from rule(question)


def _place(question: Question) -> Problems:
    kind, about = question["kind"], question.get("applies_to", OUTPUT)
    if about not in TAKES[kind].about:
        allowed = ", ".join(TAKES[kind].about)
        yield (
            ("applies_to",),
            _("A question of the kind %(kind)s applies to: %(allowed)s. Choose one of them.")
            % {"kind": kind, "allowed": allowed},
        )
    if question.get("stage") == "before" and about != CASE:
        yield ("stage",), _("Before the output is revealed only the case can be asked about.")


def _options(question: Question) -> Problems:
    kind, options = question["kind"], question.get("options", [])
    takes = TAKES[kind]
    if takes.options is Need.MUST and not options:
        yield (
            ("options",),
            _("“options” is missing. A question of the kind %(kind)s needs what may be answered.")
            % {"kind": kind},
        )
    if options and takes.options is Need.NEVER:
        yield ("options",), _("A question of the kind %(kind)s has no options. Remove them.") % {"kind": kind}
    else:
        yield from _values(options)
        yield from _numbers(options, takes.numbers)


def _values(options: Sequence[Mapping[str, Any]]) -> Problems:
    """Every option has a value of its own and words for it."""
    seen: set[str] = set()
    for place, option in enumerate(options):
        value, where = as_text(option["value"]), ("options", place)
        if not value.strip() or value.startswith(RESERVED) or not _is_sound(option["value"]):
            yield (*where, "value"), _("Give this option a value of a few letters or digits.")
        elif value in seen:
            yield (
                (*where, "value"),
                _("“%(name)s” stands here twice. Give each a value of its own.") % {"name": value},
            )
        if not option["label"].strip():
            yield (*where, "label"), _("Write what readers see for the value %(value)s.") % {"value": value}
        seen.add(value)


def _is_sound(value: Any) -> bool:
    return len(value) <= LONGEST_VALUE if isinstance(value, str) else within_reach(value)


def _numbers(options: Sequence[Mapping[str, Any]], wanted: str) -> Problems:
    numbers = [_number(option["value"]) for option in options]
    if wanted == "all":
        for place, (option, number) in enumerate(zip(options, numbers, strict=True)):
            if number is None:
                yield (
                    ("options", place, "value"),
                    _("“%(value)s” is not a number. The values of a scale are numbers.")
                    % {"value": option["value"]},
                )
    if wanted == "some" and options and len([each for each in numbers if each is not None]) < 2:
        yield (
            ("options",),
            _("A comparison needs numbers as values for its two sides: below 0 for A, above 0 for B."),
        )


def _number(value: Any) -> int | float | None:
    return read_number(as_text(value))


def _bounds(question: Question) -> Problems:
    takes = TAKES[question["kind"]]
    for name in ("minimum", "maximum"):
        if name in question and not takes.bounds:
            yield (
                (name,),
                _("A question of the kind %(kind)s has no lowest or highest value. Remove it.")
                % {"kind": question["kind"]},
            )
        elif name in question and not within_reach(question[name]):
            yield (name,), _("This number is too large. Write one below a thousand billion.")
    low, high = question.get("minimum"), question.get("maximum")
    if low is not None and high is not None and low >= high:
        yield ("maximum",), _("The highest value must be above the lowest.")


def _extras(question: Question) -> Problems:
    """Fields that mean something for a few kinds only."""
    kind, takes = question["kind"], TAKES[question["kind"]]
    if question.get("unit") and not takes.unit:
        yield ("unit",), _("A question of the kind %(kind)s has no unit. Remove it.") % {"kind": kind}
    if question.get("shuffled") and not (takes.shuffled and question.get("options")):
        yield (
            ("shuffled",),
            _("The order of a question of the kind %(kind)s is not shuffled. Remove this.") % {"kind": kind},
        )
    for place, option in enumerate(question.get("options", [])):
        if option.get("significance") and not takes.significance:
            yield ("options", place, "significance"), _("Only the options of a grid have a significance.")


def _bins(question: Question) -> Problems:
    """What counts as acceptable, and as the best."""
    bins = bins_of(question["kind"], bool(question.get("options")))
    for name in ("acceptable", "high_quality"):
        values = question.get(name, [])
        if values and bins == "none":
            yield (
                (name,),
                _("A question of the kind %(kind)s has no better and worse. Remove “%(name)s”.")
                % {"kind": question["kind"], "name": name},
            )
        elif values and bins == "number":
            yield from _one_number(name, values)
        else:
            yield from _among_options(question, name)


def _one_number(name: str, values: Sequence[Any]) -> Problems:
    if len(values) > 1:
        yield (
            (name, 1),
            _("Of a number write one value: the one from which an answer counts, or up to which."),
        )
    elif isinstance(values[0], bool | str) or not within_reach(values[0]):
        yield (name, 0), _("Write a number here.")


def _among_options(question: Question, name: str) -> Problems:
    known = offered(question)
    for place, value in enumerate(question.get(name, [])):
        if known and (value not in known or isinstance(value, bool) != (question["kind"] == "yes_no")):
            yield (
                (name, place),
                _("%(value)s is not among the options. Use one of their values.") % {"value": repr(value)},
            )


def _conditions(
    question: Question, earlier: Mapping[str, Question], strata: Mapping[str, Sequence[str]] | None
) -> Problems:
    for place, condition in enumerate(question.get("when", [])):
        found = (
            _on_question(question, condition, earlier)
            if "criterion" in condition
            else _on_stratum(condition, strata)
        )
        for path, sentence in found:
            yield ("when", place, *path), sentence


def _on_question(question: Question, condition: Question, earlier: Mapping[str, Question]) -> Problems:
    asked = earlier.get(condition["criterion"])
    if asked is None:
        yield (
            ("criterion",),
            _("No earlier question has the key “%(key)s”. Name one above it.")
            % {"key": condition["criterion"]},
        )
    elif not can_decide(asked, question):
        yield (
            ("criterion",),
            _(
                "“%(key)s” cannot decide about this question: it must have known answers, and be about as much or more."
            )
            % {"key": asked["key"]},
        )
    else:
        yield from _known_answers(asked, condition["is"])


def can_decide(asked: Question, question: Question) -> bool:
    """Whether one answer to `asked` can decide if `question` is put.

    It can where its answers are known beforehand, and where there is one of them for each time the question is put:
    a question about an output may depend on the case, a question about the case not on each of its outputs.
    """
    first, then = asked.get("applies_to", OUTPUT), question.get("applies_to", OUTPUT)
    wider = {CASE: (), PAIR: (), OUTPUT: (), **dict.fromkeys(PARTS, (OUTPUT,))}
    is_in_time = not (question.get("stage") == "before" and asked.get("stage") == "after")
    is_known = asked["kind"] in SETTLED | COUNTED
    return is_known and is_in_time and first in {CASE, PAIR, then, *wider[then]}


def _known_answers(asked: Question, values: Sequence[Any]) -> Problems:
    known = {as_text(value) for value in offered(asked)}
    for place, value in enumerate(values):
        if known and as_text(value) not in known:
            yield (
                ("is", place),
                _("%(value)s is no answer to “%(key)s”. Use one of its values.")
                % {"value": repr(value), "key": asked["key"]},
            )
        elif not known and _number(value) is None:
            yield (
                ("is", place),
                _("%(value)s is no number, and “%(key)s” is answered by one.")
                % {"value": repr(value), "key": asked["key"]},
            )


def _on_stratum(condition: Question, strata: Mapping[str, Sequence[str]] | None) -> Problems:
    name = condition["stratum"]
    if strata is None:
        yield ("stratum",), _("After the last case there is no case whose stratum could decide.")
    elif name not in strata:
        yield ("stratum",), _("There is no stratum “%(name)s”. Add it under “strata”.") % {"name": name}
    elif wrong := [value for value in condition["is"] if value not in strata[name]]:
        yield (
            ("is",),
            _("“%(value)s” is no level of “%(name)s”. Its levels are: %(levels)s.")
            % {"value": wrong[0], "name": name, "levels": ", ".join(strata[name])},
        )


def offered(question: Question) -> list[Any]:
    """The values that may be answered, as a file has them; empty where they are not listed."""
    options = [option["value"] for option in question.get("options", [])]
    return [True, False] if question["kind"] == "yes_no" else options


_RULES: tuple[Callable[[Question], Problems], ...] = (_place, _options, _bounds, _extras, _bins)
