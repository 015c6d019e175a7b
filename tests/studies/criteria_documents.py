"""Any question that a protocol file may ask, for hypothesis."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st

from readerstudy.studies.rubrics.kinds import TAKES, Need, bins_of
from readerstudy.studies.rubrics.values import as_text

LETTERS = st.characters(codec="utf-8", exclude_categories=["Cs", "Cc"])
WORDS = st.text(LETTERS, min_size=1, max_size=40).filter(lambda text: text.strip() != "")
KEYS = st.from_regex(r"[a-z][a-z0-9_-]{0,39}", fullmatch=True)
NUMBERS = st.one_of(
    st.integers(-(10**12), 10**12),
    st.floats(-1e12, 1e12, allow_nan=False).filter(lambda number: not number.is_integer()),
)
TEXT_VALUES = WORDS.filter(lambda text: not text.startswith("__"))


@st.composite
def questions(draw: st.DrawFn, kind: str | None = None) -> dict[str, Any]:
    """A question in the form of a protocol file that every rule allows, written in the product's own way."""
    kind = kind or draw(st.sampled_from(sorted(TAKES)))
    takes = TAKES[kind]
    about = draw(st.sampled_from(takes.about))
    told: dict[str, Any] = {"key": draw(KEYS), "kind": kind, "question": draw(WORDS)}
    told |= draw(st.fixed_dictionaries({}, optional={"help": WORDS}))
    told["applies_to"] = about
    stages = ["before", "after"] if about == "case" else ["after"]
    told |= draw(st.fixed_dictionaries({}, optional={"stage": st.sampled_from(stages)}))
    told |= draw(_answers(kind))
    if takes.shuffled and told.get("options") and draw(st.booleans()):
        told["shuffled"] = True
    told["direction"] = draw(st.sampled_from(["higher", "lower", "none"]))
    told |= draw(_bins(told))
    told["cannot_judge"] = draw(st.sampled_from(["no", "yes", "with_reason"]))
    return told | draw(st.sampled_from([{}, {"required": False}]))


@st.composite
def _answers(draw: st.DrawFn, kind: str) -> dict[str, Any]:
    takes = TAKES[kind]
    told: dict[str, Any] = {}
    if takes.options is Need.MUST or (takes.options is Need.MAY and draw(st.booleans())):
        told["options"] = draw(_options(kind))
    if takes.bounds:
        low, high = sorted(draw(st.lists(NUMBERS, min_size=2, max_size=2, unique_by=float)))
        told |= draw(
            st.sampled_from([{}, {"minimum": low}, {"maximum": high}, {"minimum": low, "maximum": high}])
        )
    if takes.unit:
        told |= draw(st.fixed_dictionaries({}, optional={"unit": WORDS.map(lambda text: text[:20])}))
    return told


def _options(kind: str) -> st.SearchStrategy[list[dict[str, Any]]]:
    takes = TAKES[kind]
    values = NUMBERS if takes.numbers == "all" else st.one_of(NUMBERS, TEXT_VALUES)
    optional = {"help": WORDS, **({"significance": WORDS} if takes.significance else {})}
    option = st.fixed_dictionaries({"value": values, "label": WORDS}, optional=optional)
    lists = st.lists(option, min_size=2, max_size=6, unique_by=lambda each: as_text(each["value"]))
    return lists.filter(_has_two_sides) if takes.numbers == "some" else lists


def _has_two_sides(options: list[dict[str, Any]]) -> bool:
    return sum(not isinstance(option["value"], str) for option in options) >= 2


@st.composite
def _bins(draw: st.DrawFn, told: dict[str, Any]) -> dict[str, Any]:
    options = [option["value"] for option in told.get("options", [])]
    kind = bins_of(told["kind"], bool(options))
    if kind == "none":
        return {}
    if kind == "number":
        values = st.lists(NUMBERS, min_size=1, max_size=1)
    else:
        known = options or [True, False]
        chosen = st.sets(st.integers(0, len(known) - 1), min_size=1)
        values = chosen.map(lambda places: [known[place] for place in sorted(places)])
    return draw(st.fixed_dictionaries({}, optional={"acceptable": values, "high_quality": values}))
