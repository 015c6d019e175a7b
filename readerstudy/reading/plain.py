"""Answers of complex kinds as a form without JavaScript sends them, brought into the form that ratings have."""

from __future__ import annotations

import json
import re

from django.http import QueryDict
from django.utils.translation import gettext as _

from readerstudy.reading.questions import Question
from readerstudy.reading.scales import About, RatingError
from readerstudy.reading.scales.base import options_of
from readerstudy.reading.scales.choices import rankable

NOTHING = "-"
NUMBER = re.compile(r"-?\d+(?:[.,]\d+)?")


def raw_of(posted: QueryDict, question: Question, about: About) -> str:
    """The answer as a rating holds it; empty where nothing was filled in."""
    kind = question.criterion.kind
    if kind == "multiple_choice":
        chosen = posted.getlist(question.field)
        return json.dumps(chosen) if chosen else ""
    if kind == "ranking":
        return _ranking(posted, question, about)
    written = posted.get(question.field, "")
    if kind == "text_span":
        return _spans(written, question, about)
    if kind in ("box", "point", "length", "polygon"):
        return _marks(written, question)
    return _edit(posted, question, written) if kind == "edit" else written


def _ranking(posted: QueryDict, question: Question, about: About) -> str:
    """Each option has a field for its place, from 1."""
    places: dict[int, str] = {}
    for value in rankable(question.criterion, about):
        place = posted.get(f"{question.field}@{value}", "").strip()
        if place:
            if not place.isdecimal() or int(place) in places:
                raise RatingError(_("Give each option a place of its own: 1, 2, 3 …"), (question.field,))
            places[int(place)] = value
    return json.dumps([places[place] for place in sorted(places)]) if places else ""


def _spans(written: str, question: Question, about: About) -> str:
    """A line for each passage: the number of its label, a colon, the words; a dash says that there is none."""
    if written.strip() == NOTHING:
        return "[]"
    labels, found = options_of(question.criterion), []
    for line in filter(None, map(str.strip, written.splitlines())):
        number, _colon, words = line.partition(":")
        words = words.strip()
        start = (about.text or "").find(words) if words else -1
        if not number.strip().isdecimal() or not 1 <= int(number) <= len(labels) or start < 0:
            raise RatingError(
                _("“%(line)s” is not the number of a label, a colon, and words of the text.")
                % {"line": line},
                (question.field,),
            )
        found.append({"start": start, "end": start + len(words), "label": labels[int(number) - 1]})
    return json.dumps(found) if found else ""


def _marks(written: str, question: Question) -> str:
    """A line for each mark: the image, the frame from 1, then x and y of each point; a dash says that there is none."""
    if written.strip() == NOTHING:
        return "[]"
    found = []
    for line in filter(None, map(str.strip, written.splitlines())):
        slot, *numbers = line.split()
        if len(numbers) < 3 or not all(NUMBER.fullmatch(each) for each in numbers) or len(numbers) % 2 == 0:
            raise RatingError(
                _("“%(line)s” is not an image, a frame, and x and y of each point.") % {"line": line},
                (question.field,),
            )
        frame, *places = (float(each.replace(",", ".")) for each in numbers)
        points = [[places[at], places[at + 1]] for at in range(0, len(places), 2)]
        found.append({"slot": slot, "frame": int(frame) - 1, "points": points})
    return json.dumps(found) if found else ""


def _edit(posted: QueryDict, question: Question, written: str) -> str:
    said = {"1": True, "0": False}.get(posted.get(f"{question.field}@significant", ""))
    text = written.replace("\r\n", "\n").strip()
    return json.dumps({"text": text, "significant": said}) if text else ""
