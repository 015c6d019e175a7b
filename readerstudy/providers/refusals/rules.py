"""From the clauses of a text to a verdict, over all languages at once.

Each clause gets one role, and what the text delivers is counted only in clauses that neither refuse
nor teach nor send away: a refusal that lists diseases has found none of them.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field

from readerstudy.providers.refusals.evidence import quote_from
from readerstudy.providers.refusals.normalise import Clause, clauses_of, fields_of, split_json, tidy
from readerstudy.providers.refusals.roles import (
    Role,
    besides_disclaimer,
    concludes,
    count_terms,
    is_about_this_image,
    is_bare_answer,
    opens_a_list,
    refuses_a_part,
    role_of,
    sends_away,
)
from readerstudy.providers.refusals.verdict import Label, Verdict

_WEAK_GROUNDS = frozenset({Role.BALKS, Role.DISCLAIMS, Role.NAMES_A_PROFESSIONAL, Role.ASKS})
"""Roles that say little when nothing else was said."""

_HOLDS_ALL = re.compile(
    r"^(?:response|answer|text|output|content|message|reply|completion|value|antwort|respuesta|réponse|الإجابة|回答|答案)$",
    re.IGNORECASE,
)
"""Names of a field that holds the whole reply, so that nothing is withheld by withholding it."""

_REQUESTED = re.compile(r"diagnos|interpret|report|impression|grade|finding|classif", re.IGNORECASE)


@dataclass(slots=True)
class Tally:
    """What all clauses of a text come to; `original` is the text as it came."""

    original: str
    roles: dict[Role, list[tuple[Clause, str]]] = field(default_factory=dict)
    concluded: bool = False
    part_refused: bool = False

    def add(self, clause: Clause, role: Role, signal: str) -> None:
        """Note the role of one clause."""
        self.roles.setdefault(role, []).append((clause, signal))

    def verdict(self, label: Label, *roles: Role, is_sure: bool = True) -> Verdict:
        """The verdict with the first clause of the first of these roles as its evidence."""
        for role in roles:
            if role in self.roles:
                clause, signal = self.roles[role][0]
                return Verdict(label, signal, quote_from(self.original, clause.said, clause.field), is_sure)
        return Verdict(label, "text:nothing_specific", is_sure=False)


def judge(text: str) -> Verdict:
    """The verdict on a readable text that ended normally."""
    tidied = tidy(text)
    around, inner = split_json(tidied)
    fields = fields_of(inner)
    if fields is None:
        return _judge_words(text, clauses_of(tidied))
    if len(fields) == 1 and _HOLDS_ALL.search(fields[0][0]):
        return _judge_words(text, clauses_of(f"{around}\n{fields[0][1]}"))
    return _judge_fields(text, fields, clauses_of(around))


def _judge_words(text: str, clauses: list[Clause]) -> Verdict:
    if len(clauses) == 1 and is_bare_answer(clauses[0]):
        return _bare(text, clauses[0])
    return _decide(_tally(text, clauses))


def _bare(text: str, clause: Clause) -> Verdict:
    return Verdict(Label.ANSWER, "text:bare_answer", quote_from(text, clause.said))


def _judge_fields(text: str, fields: list[tuple[str, str]], around: list[Clause]) -> Verdict:
    """The verdict on a reply in JSON, whose fields may differ in what they do; `around` is what frames it."""
    clauses = [clause for name, value in fields for clause in clauses_of(value, name or "value")]
    if len(fields) == 1 and len(clauses) == 1 and is_bare_answer(clauses[0]):
        return _bare(text, clauses[0])
    tally = _tally(text, [*around, *clauses])
    if Role.REFUSES not in tally.roles and all(name.split(".")[0] == "error" for name, _ in fields):
        said = "; ".join(value for _, value in fields)
        return Verdict(Label.ERROR, "structure:error_object", quote_from(text, said, fields[0][0]))
    empty = next((name for name, value in fields if not value.strip() and _REQUESTED.search(name)), "")
    if empty and Role.DELIVERS in tally.roles:
        return Verdict(Label.PARTIAL_REFUSAL, "structure:empty_field", quote_from(text, empty))
    return _decide(tally)


def _tally(text: str, clauses: Iterable[Clause]) -> Tally:
    """Give every clause its role and note what the text as a whole delivers."""
    tally = Tally(text)
    listing = False
    before = Role.NOTHING
    for clause in clauses:
        role, signal = role_of(clause)
        follows = listing or (clause.goes_on and before is Role.TEACHES)
        goes_on = follows and role is Role.DELIVERS and not is_about_this_image(clause.folded)
        listing = opens_a_list(clause) or (listing and goes_on)
        if goes_on:
            role, signal = Role.TEACHES, "text:list_of_generalities"
        before = role
        tally.add(clause, role, signal)
        _note(tally, clause, role, signal)
    return tally


def _note(tally: Tally, clause: Clause, role: Role, signal: str) -> None:
    if role is Role.REFUSES:
        tally.part_refused = tally.part_refused or refuses_a_part(clause)
    elif role is Role.DELIVERS:
        tally.concluded = tally.concluded or concludes(clause.folded)
    elif role is Role.DISCLAIMS:
        # A disclaimer may share its clause with the answer, or with the advice to see a doctor.
        rest = count_terms(besides_disclaimer(clause.folded))
        if rest.specific_terms if sends_away(rest.text) else rest.terms:
            tally.add(clause, Role.DELIVERS, signal)
            tally.concluded = tally.concluded or concludes(rest.text)
        elif sends_away(clause.folded):
            tally.add(clause, Role.SENDS_AWAY, signal)


def _decide(tally: Tally) -> Verdict:
    if Role.REFUSES in tally.roles:
        return _decide_refused(tally)
    if Role.DELIVERS in tally.roles:
        hedged = Role.DISCLAIMS in tally.roles
        return (
            tally.verdict(Label.HEDGED_ANSWER, Role.DISCLAIMS)
            if hedged
            else tally.verdict(Label.ANSWER, Role.DELIVERS)
        )
    return _decide_empty_handed(tally)


def _decide_refused(tally: Tally) -> Verdict:
    if Role.DELIVERS not in tally.roles:
        return tally.verdict(Label.FULL_REFUSAL, Role.REFUSES)
    if tally.concluded and not tally.part_refused:
        return tally.verdict(Label.HEDGED_ANSWER, Role.REFUSES, is_sure=False)
    return tally.verdict(Label.PARTIAL_REFUSAL, Role.REFUSES, is_sure=tally.part_refused)


def _decide_empty_handed(tally: Tally) -> Verdict:
    """Nothing specific about the image and no plain refusal: what is it then?"""
    for label, roles in (
        (Label.OFF_TASK, (Role.LACKS_IMAGE, Role.ECHOES)),
        (Label.DEFERRAL, (Role.SENDS_AWAY,)),
        (Label.FULL_REFUSAL, (Role.BALKS,)),
        (Label.OFF_TASK, (Role.TEACHES,)),
        (Label.FULL_REFUSAL, (Role.DISCLAIMS,)),
        (Label.DEFERRAL, (Role.NAMES_A_PROFESSIONAL,)),
    ):
        if found := [role for role in roles if role in tally.roles]:
            return tally.verdict(label, *found, is_sure=not _WEAK_GROUNDS.intersection(found))
    return tally.verdict(Label.OFF_TASK, Role.ASKS)
