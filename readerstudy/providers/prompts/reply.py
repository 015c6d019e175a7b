"""Reads what a prompt asked for out of a reply: the label, confidence, boxes and the JSON itself. Never raises.

A reply is hostile input. It may be fenced, stand behind a preface, name a level that is none, or be no JSON at all;
each is told apart, and the text itself is kept by the caller whatever is found here.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from jsonschema import Draft202012Validator

from readerstudy.providers.prompts.checks import fold
from readerstudy.providers.prompts.document import Prompt
from readerstudy.providers.prompts.fields import LABEL_FIELDS, schema_of

Status = Literal["valid", "repaired", "invalid", "none"]

DEFAULT_LINE = "Classification"
MOST_STARTS = 50
MOST_BOXES = 200
LONGEST_JSON = 400_000
LONGEST_LABEL = 80
SPILL = 0.02  # a box may lie this far outside of its image and is then cut at the edge

_FENCE = re.compile(r"```[A-Za-z]*[ \t]*\n?(.*?)```", re.DOTALL)
_LINE_ENDS = re.compile(r"\r\n|[\r\n\u2028\u2029]")
_EMPHASIS = re.compile(r"[*`]+")
_SIDES = ("x", "y", "width", "height")


@dataclass(frozen=True, slots=True)
class Read:
    """What was found. `boxes` are in shares of the image, see `generation.models.Extraction`; `data` is the JSON."""

    status: Status
    label: str = ""
    confidence: float | None = None
    boxes: tuple[Mapping[str, Any], ...] = ()
    data: Any = None
    problem: str = ""


@dataclass(slots=True)
class _Notes:
    """What had to be put right or left aside on the way."""

    sentences: list[str] = field(default_factory=list)

    def add(self, sentence: str) -> None:
        if sentence not in self.sentences:
            self.sentences.append(sentence)

    def __str__(self) -> str:
        return " ".join(self.sentences)


def read_reply(prompt: Prompt | None, text: str, slots: Sequence[str] = ()) -> Read:
    """What `text` holds of what `prompt` asked for. `slots` are the images that were sent.

    Without a prompt, as with texts made elsewhere, a line “Classification: …” is read if there is one.
    """
    if prompt is None:
        label = _label_of_line(DEFAULT_LINE, text)
        return Read("none", label=(label or "")[:LONGEST_LABEL])
    if prompt.is_json:
        return _read_json(prompt, text, slots)
    if prompt.output.label_line:
        return _read_line(prompt, text)
    label = _label_of_line(DEFAULT_LINE, text)
    return Read("none", label=_known(label, prompt.levels) if label else "")


def _read_line(prompt: Prompt, text: str) -> Read:
    word = prompt.output.label_line
    found = _label_of_line(word, text)
    if not found:
        return Read("invalid", problem=f"There is no line “{word}: …”.")
    label = _known(found, prompt.levels)
    return Read("valid", label=label) if label else Read("invalid", problem=_unknown_level(found))


def _label_of_line(word: str, text: str) -> str | None:
    """What follows the word in the last line of that form; a text that ends undecided has none."""
    form = re.compile(
        rf"(?:^[\s>#•\-\d.)]*|[.;!?]\s+)_*{re.escape(word)}_*\s*[:：]\s*(?P<label>\S.*)$", re.IGNORECASE
    )
    lines = (form.search(_EMPHASIS.sub("", line)) for line in _LINE_ENDS.split(text))
    found = [match["label"] for match in lines if match]
    return found[-1].strip() if found else None


def _known(label: str, levels: Sequence[str]) -> str:
    """The level as the rubric spells it; empty where it is none. Without levels every label is one."""
    if not levels:
        return " ".join(label.strip(" \t*_`.").split())[:LONGEST_LABEL]
    return {fold(level): level for level in levels}.get(fold(label), "")


def _unknown_level(found: str) -> str:
    return f"“{found[:LONGEST_LABEL]}” is no level of the rubric."


def _read_json(prompt: Prompt, text: str, slots: Sequence[str]) -> Read:
    notes = _Notes()
    data = _find_object(text, prompt.output.fields, notes)
    if data is None:
        return Read("invalid", problem=str(notes) or "The reply is not a JSON object.")
    _spell_label(data, prompt.levels, notes)
    problem = _against_schema(prompt, data)
    if problem:
        return Read("invalid", data=data, problem=problem)
    confidence, boxes = _confidence(data, notes), tuple(_boxes(data, slots, notes))
    label = next((str(data[name]) for name in LABEL_FIELDS if data.get(name)), "")
    status: Status = "repaired" if notes.sentences else "valid"
    return Read(status, label, confidence, boxes, data, str(notes))


def _find_object(text: str, fields: Sequence[str], notes: _Notes) -> dict[str, Any] | None:
    """The JSON object of the text; where other text stands around it, that is noted.

    Within other text only an object with all of `fields` counts: a part of a broken one is not the reply.
    """
    if len(text) > LONGEST_JSON:
        notes.add(f"The reply is longer than {LONGEST_JSON} characters, so it was not read.")
        return None
    whole = _parse(text.strip().removeprefix("\ufeff"))
    if whole is not None:
        return whole
    for candidate in _FENCE.findall(text):
        if (found := _parse(candidate.strip())) is not None:
            notes.add("The JSON stood in a fenced block.")
            return found
    found = next((each for each in _embedded(text) if each.keys() >= set(fields)), None)
    if found is not None:
        notes.add("Other text stood around the JSON.")
    return found


def _embedded(text: str) -> Iterator[dict[str, Any]]:
    """Objects that begin somewhere in the text, from the first brace on."""
    start = -1
    for _try in range(MOST_STARTS):
        start = text.find("{", start + 1)
        if start < 0:
            return
        try:
            found, _end = _DECODER.raw_decode(text, start)
        except (ValueError, RecursionError):
            continue
        if isinstance(found, dict):
            yield found


def _parse(text: str) -> dict[str, Any] | None:
    try:
        found = _DECODER.decode(text)
    except (ValueError, RecursionError):
        return None
    return found if isinstance(found, dict) else None


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """An object that says each thing once: of two labels nobody could tell which is meant."""
    if len({name for name, _value in pairs}) < len(pairs):
        raise ValueError("A name stands in an object twice.")
    return dict(pairs)


def _no_constant(name: str) -> Any:
    raise ValueError(f"{name} is no JSON.")


_DECODER = json.JSONDecoder(object_pairs_hook=_once, parse_constant=_no_constant)


def _spell_label(data: dict[str, Any], levels: Sequence[str], notes: _Notes) -> None:
    """Writes a level in the rubric's own spelling."""
    for name in LABEL_FIELDS:
        written = data.get(name)
        if isinstance(written, str) and written not in levels and (known := _known(written, levels)):
            data[name] = known
            notes.add(f"“{name}” was spelled in another way.")


def _against_schema(prompt: Prompt, data: Mapping[str, Any]) -> str:
    """What is wrong, in a sentence; empty where the reply keeps to the schema."""
    schema = schema_of(prompt.output.fields, prompt.levels)
    label = next((name for name in LABEL_FIELDS if name in schema["properties"]), "")
    written = data.get(label)
    if isinstance(written, str) and written not in prompt.levels:
        return _unknown_level(written)
    try:
        error = next(
            iter(sorted(Draft202012Validator(schema).iter_errors(data), key=lambda each: each.json_path)),
            None,
        )
    except RecursionError:
        return "The JSON is nested too deeply."
    return _sentence(error) if error else ""


def _sentence(error: Any) -> str:
    where = ".".join(str(step) for step in error.absolute_path) or "the reply"
    if error.validator == "required":
        missing = [name for name in error.validator_value if name not in error.instance]
        return f"In {where}, “{missing[0]}” is missing."
    if error.validator == "additionalProperties":
        return f"In {where}, there is a field that was not asked for."
    if error.validator == "enum":
        return f"“{where}” is none of the words it may be."
    return f"“{where}” is not of the kind that was asked for."


def _confidence(data: Mapping[str, Any], notes: _Notes) -> float | None:
    value = data.get("confidence")
    if value is None:
        return None
    if not _is_share(value):
        notes.add("The confidence does not lie between 0 and 1 and was left aside.")
        return None
    return float(value)


def _is_share(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and 0 <= value <= 1


def _boxes(data: Mapping[str, Any], slots: Sequence[str], notes: _Notes) -> Iterator[dict[str, Any]]:
    rows = data.get("boxes") or []
    if len(rows) > MOST_BOXES:
        notes.add(f"Only the first {MOST_BOXES} boxes were read.")
    for row in rows[:MOST_BOXES]:
        slot, sides = _slot(row["slot"], slots), _sides(row)
        if slot is None or sides is None:
            notes.add("A box that lies on no image was left aside.")
            continue
        yield {"slot": slot, "frame": 0, **sides, "label": row["label"][:LONGEST_LABEL]}


def _slot(written: str, slots: Sequence[str]) -> str | None:
    """The image that is meant; with one image there is only one it can be."""
    if len(slots) == 1:
        return slots[0]
    if not slots:
        return written[:LONGEST_LABEL]
    return {fold(slot): slot for slot in slots}.get(fold(written))


def _sides(row: Mapping[str, Any]) -> dict[str, float] | None:
    """The box cut at the edges of its image; None where it has no area on it."""
    if not all(_is_number(row[side]) for side in _SIDES):
        return None
    left, top, width, height = (float(row[side]) for side in _SIDES)
    right, bottom = left + width, top + height
    if min(left, top) < -SPILL or max(right, bottom) > 1 + SPILL:
        return None
    left, top, right, bottom = max(left, 0.0), max(top, 0.0), min(right, 1.0), min(bottom, 1.0)
    if right <= left or bottom <= top:
        return None
    sides = {"x": left, "y": top, "width": right - left, "height": bottom - top}
    return {side: round(share, 6) for side, share in sides.items()}


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and abs(value) < 1e6 and math.isfinite(value)
