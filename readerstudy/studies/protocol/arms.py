"""Arms and prompts of a protocol file as rows, and rows as they stand in a file."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from django.conf import settings

from readerstudy.studies.models import Arm, ArmKind, CallMode, InputCondition, PromptVersion


def arm_document(arm: Arm, prompt: str = "") -> dict[str, Any]:
    """An arm as a protocol file has it; `prompt` is the name of its prompt there."""
    told: dict[str, Any] = {"name": arm.name, "source": str(arm.kind)}
    told |= {name: value for name in ("connection", "model") if (value := getattr(arm, name))}
    told |= {"prompt": prompt} if prompt else {}
    told |= {"input": str(arm.input_condition)} if arm.kind == ArmKind.MODEL else {}
    told |= {"replicates": arm.replicates} if arm.replicates != 1 else {}
    told |= {"mode": str(arm.mode)} if arm.mode != CallMode.LIVE else {}
    return {**told, **({"parameters": arm.parameters} if arm.parameters else {})}


def arm_fields(told: Mapping[str, Any]) -> dict[str, Any]:
    """The columns of an arm in a protocol file, but for its prompt, which is a row of its own.

    What nobody is called for has no provider, model or parameters.
    """
    is_called = told["source"] == ArmKind.MODEL
    called = told if is_called else {}
    offer = settings.CONNECTIONS.get(called.get("connection", ""))
    return {
        "name": told["name"],
        "kind": told["source"],
        "connection": called.get("connection", ""),
        "model": called.get("model", ""),
        "input_condition": called.get("input", InputCondition.IMAGE_TEXT.value),
        "replicates": told.get("replicates", 1),
        "mode": called.get("mode", CallMode.LIVE.value),
        "parameters": called.get("parameters", {}),
        "is_simulated": offer is not None and offer.simulated,
    }


def takes_prompt(told: Mapping[str, Any]) -> bool:
    """Whether an arm has a prompt: one that is called, or one whose texts have the form of a prompt's replies."""
    return "prompt" in told and told["source"] in (ArmKind.MODEL, ArmKind.IMPORTED)


def prompt_names(versions: Iterable[PromptVersion]) -> dict[int, str]:
    """Names of prompt versions in a file, by primary key: the newest has the prompt's name, others a number behind.

    `versions` come by name, the newest first.
    """
    names: dict[int, str] = {}
    for version in versions:
        wanted = version.name if version.name not in names.values() else f"{version.name} ({version.number})"
        while wanted in names.values():
            wanted += "'"
        names[version.pk] = wanted
    return names
