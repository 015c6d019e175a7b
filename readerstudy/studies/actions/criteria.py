"""Questions are added, changed, put in order, copied, taken out, and adopted from a ready rubric."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from django.db import models, transaction
from django.utils.translation import gettext as _

from readerstudy.accounts.models import User
from readerstudy.audit.record import record, study_stream
from readerstudy.studies.actions.design import set_section
from readerstudy.studies.actions.locking import locked
from readerstudy.studies.models import Criterion, Design, Study
from readerstudy.studies.models.criterion import Phase
from readerstudy.studies.policies import StudyError, check_protocol_open
from readerstudy.studies.protocol import library
from readerstudy.studies.protocol.adjudicating import with_new_key, without_criterion
from readerstudy.studies.protocol.problems import ProtocolError
from readerstudy.studies.protocol.questions import problems_asked
from readerstudy.studies.rubrics.documents import COLUMNS, document_of, from_document, settled, to_document
from readerstudy.studies.rubrics.renaming import beside, free_key, renamed

Path = tuple[str | int, ...]


class CriterionRefused(StudyError):
    """Questions do not fit. `problems` are those of the question that was to change: where in it, and a sentence."""

    def __init__(
        self,
        found: Sequence[tuple[int, Path, str]],
        questions: Sequence[Mapping[str, Any]],
        changed: int | None,
    ) -> None:
        self.problems = tuple((path, told) for place, path, told in found if place == changed)
        said = (f"“{questions[place]['question']}”: {told}" for place, _path, told in found)
        super().__init__(" ".join(said))


@transaction.atomic
def save_criterion(
    *,
    study: Study,
    fields: Mapping[str, Any],
    by: User,
    criterion: Criterion | None = None,
    phase: Phase = Phase.MAIN,
) -> Criterion:
    """Adds a question at the end of the rubric, or changes one. What its kind does not take is emptied.

    Where its short name changes, conditions and endpoints that name it follow.

    Raises:
        CriterionRefused: naming every problem that the question has or makes for others.
    """
    check_protocol_open(locked(study))
    row = criterion or _at_the_end(study, phase)
    was = row.key
    wanted = settled({**{name: getattr(row, name) for name in COLUMNS}, **fields})
    _check(study, Phase(row.phase), row, wanted)
    for name, value in wanted.items():
        setattr(row, name, value)
    row.save()
    if criterion is not None and was != row.key:
        _follow(study, Phase(row.phase), was, row.key, by)
    verb = "criterion.change" if criterion else "criterion.add"
    record(verb, by=by, stream=study_stream(study.pk), subject=row.key, data=_told(fields))
    return row


@transaction.atomic
def copy_criterion(*, study: Study, criterion: Criterion, by: User) -> Criterion:
    """Adds the same question again right below, under a short name of its own."""
    check_protocol_open(locked(study))
    rows = _rows(study, Phase(criterion.phase))
    fields = {name: getattr(criterion, name) for name in COLUMNS}
    fields["key"] = free_key(criterion.key, {row.key for row in rows})
    copy = _at_the_end(study, Phase(criterion.phase))
    for name, value in fields.items():
        setattr(copy, name, value)
    copy.save()
    place = next(place for place, row in enumerate(rows) if row.pk == criterion.pk)
    _write_order([*rows[: place + 1], copy, *rows[place + 1 :]])
    data = {"from": criterion.key}
    record("criterion.copy", by=by, stream=study_stream(study.pk), subject=copy.key, data=data)
    return copy


@transaction.atomic
def order_criteria(*, study: Study, phase: Phase, order: Sequence[int], by: User) -> None:
    """Puts the questions of a phase into the order of their primary keys.

    Raises:
        StudyError: where the order does not name each question once, or puts one above what it depends on.
    """
    check_protocol_open(locked(study))
    rows = {row.pk: row for row in _rows(study, phase)}
    if sorted(order) != sorted(rows):
        raise StudyError(_("The questions changed in the meantime. Look at them again, then move one."))
    wanted = [rows[number] for number in order]
    _check_list(study, phase, [to_document(row) for row in wanted])
    _write_order(wanted)
    data = {"phase": phase.value, "keys": [row.key for row in wanted]}
    record("criterion.order", by=by, stream=study_stream(study.pk), subject=study.key, data=data)


def move_criterion(*, study: Study, criterion: Criterion, step: int, by: User) -> None:
    """Moves a question up (-1) or down (1) by one place; at either end it stays where it is."""
    order = [row.pk for row in _rows(study, Phase(criterion.phase))]
    place = order.index(criterion.pk)
    other = min(max(place + step, 0), len(order) - 1)
    order[place], order[other] = order[other], order[place]
    order_criteria(study=study, phase=Phase(criterion.phase), order=order, by=by)


@transaction.atomic
def remove_criterion(*, study: Study, criterion: Criterion, by: User, with_endpoints: bool = False) -> None:
    """Takes a question out of an open protocol, with the endpoints that are computed from it where that is wanted.

    Raises:
        StudyError: where other questions depend on it, or endpoints do and are to stay.
    """
    check_protocol_open(locked(study))
    phase, key = Phase(criterion.phase), criterion.key
    rest = [row for row in _rows(study, phase) if row.pk != criterion.pk]
    _check_none_depends(rest, criterion)
    gone = _take_endpoints(study, criterion, by, with_endpoints) if phase == Phase.MAIN else []
    if phase == Phase.MAIN:
        _set_rules(study, without_criterion(_rules_of(study), key), by)
    Criterion.objects.get(pk=criterion.pk).delete()
    _write_order([row for row in _rows(study, phase) if row.key != key])
    data = {"endpoints": gone} if gone else {}
    record("criterion.remove", by=by, stream=study_stream(study.pk), subject=key, data=data)


@transaction.atomic
def use_rubric(
    *, study: Study, name: str, by: User, version: int | None = None, phase: Phase | None = None
) -> list[Criterion]:
    """Adds the questions of a ready rubric below those that are there; its newest version where none is named.

    They come where the rubric says that it is asked, unless `phase` says otherwise. A short name that is taken gets a
    number, and conditions follow it.

    Raises:
        StudyError: where there is no such rubric or version, or it cannot be asked there.
    """
    check_protocol_open(locked(study))
    try:
        rubric = library.rubric(name, version)
    except ProtocolError as error:
        raise StudyError(" ".join(problem.sentence for problem in error.problems)) from None
    phase = phase or Phase(rubric.phase)
    there = [to_document(row) for row in _rows(study, phase)]
    added = beside(rubric.criteria, {question["key"] for question in there})
    _check_list(study, phase, [*there, *added])
    rows = [_add(study, phase, from_document(question)) for question in added]
    data = {
        "version": rubric.version,
        "title": rubric.title,
        "phase": phase.value,
        "keys": [row.key for row in rows],
    }
    record("rubric.use", by=by, stream=study_stream(study.pk), subject=rubric.name, data=data)
    return rows


def endpoints_of(study: Study, key: str) -> list[str]:
    """The names of the endpoints that are computed from the question with this short name."""
    endpoints = Design.objects.of(study).section("endpoints")
    return [each["name"] for each in endpoints if each.get("criterion") == key]


def _rows(study: Study, phase: Phase) -> list[Criterion]:
    found = Criterion.objects.of(study) if phase == Phase.MAIN else Criterion.objects.exit(study)
    return list(found)


def _at_the_end(study: Study, phase: Phase) -> Criterion:
    rubric = study.rubrics.latest("version")
    last = rubric.criteria.filter(phase=phase).aggregate(last=models.Max("position"))["last"]
    return Criterion(rubric=rubric, phase=phase, position=0 if last is None else last + 1)


def _add(study: Study, phase: Phase, fields: Mapping[str, Any]) -> Criterion:
    row = _at_the_end(study, phase)
    for name, value in fields.items():
        setattr(row, name, value)
    row.save()
    return row


def _write_order(rows: Iterable[Criterion]) -> None:
    """Positions from 0 without a gap; the database compares them when the transaction ends."""
    changed = []
    for position, row in enumerate(rows):
        if row.position != position:
            row.position = position
            changed.append(row)
    Criterion.objects.bulk_update(changed, ["position"])


def _check(study: Study, phase: Phase, row: Criterion, wanted: Mapping[str, Any]) -> None:
    """Raises what would be wrong with the questions once `row` says what is wanted."""
    rows = _rows(study, phase)
    place = next((place for place, each in enumerate(rows) if each.pk == row.pk), len(rows))
    names = {row.key: wanted["key"]} if row.pk else {}
    after = [renamed(to_document(each), names) for each in rows]
    after[place : place + 1] = [document_of(wanted)]
    _check_list(study, phase, after, changed=place)


def _check_list(
    study: Study, phase: Phase, questions: Sequence[Mapping[str, Any]], changed: int | None = None
) -> None:
    """Raises problems of a new list of questions; those that others have already are left for later."""
    strata = {each["name"]: each["levels"] for each in Design.objects.of(study).section("strata")}
    before = [to_document(row) for row in _rows(study, phase)]
    known = {
        (before[place]["key"], path, told) for place, path, told in problems_asked(phase, before, strata)
    }
    found = problems_asked(phase, questions, strata)
    new = [
        (place, path, told)
        for place, path, told in found
        if place == changed or (questions[place]["key"], path, told) not in known
    ]
    if new:
        raise CriterionRefused(new, questions, changed)


def _check_none_depends(rest: Iterable[Criterion], criterion: Criterion) -> None:
    for row in rest:
        if any(condition.get("criterion") == criterion.key for condition in row.when):
            raise StudyError(
                _("“%(other)s” is asked only after certain answers to “%(question)s”. Change that first.")
                % {"other": row.question, "question": criterion.question}
            )


def _take_endpoints(study: Study, criterion: Criterion, by: User, is_wanted: bool) -> list[str]:
    """The names of the endpoints that went with the question."""
    names = endpoints_of(study, criterion.key)
    if names and not is_wanted:
        raise StudyError(
            _("The endpoint “%(endpoint)s” is computed from “%(question)s”. Remove both, or keep both.")
            % {"endpoint": names[0], "question": criterion.question}
        )
    if names:
        endpoints = Design.objects.of(study).section("endpoints")
        rest = [each for each in endpoints if each.get("criterion") != criterion.key]
        set_section(study=study, name="endpoints", content=rest, by=by)
    return names


def _follow(study: Study, phase: Phase, was: str, now: str, by: User) -> None:
    """Conditions, endpoints and rules for disagreements go by the new short name of a question."""
    for row in _rows(study, phase):
        told = to_document(row)
        if (new := renamed(told, {was: now})) != told:
            row.when = new["when"]
            row.save(update_fields=["when"])
    endpoints = Design.objects.of(study).section("endpoints")
    if phase == Phase.MAIN and any(each.get("criterion") == was for each in endpoints):
        content = [{**each, "criterion": now} if each.get("criterion") == was else each for each in endpoints]
        set_section(study=study, name="endpoints", content=content, by=by)
    if phase == Phase.MAIN:
        _set_rules(study, with_new_key(_rules_of(study), was, now), by)


def _rules_of(study: Study) -> dict[str, Any]:
    found: dict[str, Any] = Design.objects.of(study).section("adjudication")
    return found


def _set_rules(study: Study, content: Mapping[str, Any], by: User) -> None:
    """The rules for disagreements go with their question."""
    if content != _rules_of(study):
        set_section(study=study, name="adjudication", content=content, by=by)


def _told(fields: Mapping[str, Any]) -> dict[str, Any]:
    return {
        name: str(value) if isinstance(value, models.TextChoices) else value for name, value in fields.items()
    }
