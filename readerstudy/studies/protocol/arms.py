"""Arms and prompts of a protocol file as rows, and rows as they stand in a file."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from readerstudy.studies.models import Arm, InputCondition, PromptVersion


def arm_document(arm: Arm, prompt_names: Mapping[int, str]) -> dict[str, Any]:
    """An arm as a protocol file has it; `prompt_names` are the names there by the primary key of the version."""
    told: dict[str, Any] = {"name": arm.name, "source": arm.kind}
    told |= {name: value for name in ("connection", "model") if (value := getattr(arm, name))}
    if arm.prompt_id is not None:
        told |= {"prompt": prompt_names[arm.prompt_id]}
    told |= {"input": arm.input_condition}
    if arm.replicates != 1:
        told |= {"replicates": arm.replicates}
    return {**told, **({"parameters": arm.parameters} if arm.parameters else {})}


def arm_fields(told: Mapping[str, Any]) -> dict[str, Any]:
    """The columns of an arm in a protocol file, but for its prompt, which is a row of its own."""
    return {
        "name": told["name"],
        "kind": told["source"],
        "connection": told.get("connection", ""),
        "model": told.get("model", ""),
        "input_condition": told.get("input", InputCondition.IMAGE_TEXT.value),
        "replicates": told.get("replicates", 1),
        "parameters": told.get("parameters", {}),
    }


def prompt_names(versions: Iterable[PromptVersion]) -> dict[int, str]:
    """Names of prompt versions in a file, by primary key: the newest has the prompt's name, others a number behind.

    `versions` come by name, the newest first.
    """
    names: dict[int, str] = {}
    for version in versions:
        taken = set(names.values())
        wanted = version.name if version.name not in taken else f"{version.name} ({version.number})"
        while wanted in taken:
            wanted += "'"
        names[version.pk] = wanted
    return names
