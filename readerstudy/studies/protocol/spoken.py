"""Questions in the languages of their readers: what is translated must be there, and values never change."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from readerstudy.studies.models import Criterion
from readerstudy.studies.protocol.problems import Path
from readerstudy.studies.rubrics.values import as_text

Problems = Iterator[tuple[Path, str]]


def in_language(criterion: Criterion, told: Mapping[str, Any]) -> Criterion:
    """The criterion with its words replaced by those that are told; it is not to be saved."""
    criterion.question = told.get("question", criterion.question)
    criterion.help = told.get("help", criterion.help)
    said = told.get("options", {})
    criterion.options = [{**option, **said.get(str(option["value"]), {})} for option in criterion.options]
    return criterion


def problems_of_languages(data: Mapping[str, Any]) -> Problems:
    """Translations of questions and options that the protocol does not have."""
    for language, section in data.get("texts", {}).items():
        for name, asked in _asked(data).items():
            for key, told in section.get(name, {}).items():
                yield from _of_question(("texts", language, name, key), asked.get(key), told)


def _asked(data: Mapping[str, Any]) -> dict[str, dict[str, Mapping[str, Any]]]:
    """The questions by their keys, for each name in the section; none where a ready rubric is named."""
    criteria = data["criteria"] if isinstance(data["criteria"], list) else None
    lists = {"questions": criteria, "last_questions": data.get("phases", {}).get("exit", [])}
    return {name: {each["key"]: each for each in found} for name, found in lists.items() if found is not None}


def _of_question(path: Path, asked: Mapping[str, Any] | None, told: Mapping[str, Any]) -> Problems:
    if asked is None:
        yield path, f"No question has the key “{path[-1]}”. Name one of the questions, or take this out."
        return
    values = {as_text(option["value"]) for option in asked.get("options", [])}
    for value in told.get("options", {}):
        if value not in values:
            yield (*path, "options", value), f"“{value}” is none of the options’ values. Take this out."
