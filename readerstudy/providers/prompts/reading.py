"""Values out of a stored or written document, each of the form its block wants."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from enum import StrEnum
from typing import Any, TypeVar

from readerstudy.providers.prompts.problems import PromptProblem

Word = TypeVar("Word", bound=StrEnum)


def refuse_unknown(told: Mapping[str, Any], known: Collection[str], where: str) -> None:
    """Raises `PromptProblem` for a name that is not one of `known`."""
    unknown = sorted(str(name) for name in told if name not in known)
    if unknown:
        raise PromptProblem("", f"{where} has no block “{unknown[0]}”. Remove it.")


def read_text(told: Mapping[str, Any], name: str, *, block: str = "") -> str:
    """The text without white space around it; line ends as \\n."""
    value = told.get(name) or ""
    if not isinstance(value, str):
        raise PromptProblem(block or name, f"“{name}” must be a text.")
    return "\n".join(line.rstrip() for line in value.splitlines()).strip()


def read_flag(told: Mapping[str, Any], name: str, block: str) -> bool:
    value = told.get(name, False)
    if not isinstance(value, bool):
        raise PromptProblem(block, f"“{name}” must be true or false.")
    return value


def read_word(
    told: Mapping[str, Any], name: str, kind: type[Word], default: Word, *, block: str = ""
) -> Word:
    """One of the words of `kind`."""
    value = told.get(name, default)
    if value not in {each.value for each in kind}:
        words = ", ".join(each.value for each in kind)
        raise PromptProblem(block or name, f"“{name}” must be one of: {words}.")
    return kind(value)


def read_list(told: Mapping[str, Any], name: str, *, block: str = "") -> Sequence[Any]:
    value = told.get(name) or []
    if isinstance(value, str | Mapping) or not isinstance(value, Sequence):
        raise PromptProblem(block or name, f"“{name}” must be a list.")
    return value


def read_mapping(told: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    value = told.get(name) or {}
    if not isinstance(value, Mapping):
        raise PromptProblem(name, f"“{name}” must be a set of named parts.")
    return value
