"""Ready prompts to start from: one YAML file each in `fixtures/prompts/`, beside the package in a checkout."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import yaml

from readerstudy.providers.prompts.document import Prompt

FOLDER = Path(__file__).resolve().parents[3] / "fixtures" / "prompts"


@dataclass(frozen=True, slots=True)
class Template:
    """A ready prompt: a short key for addresses, a title, what it is good for, and the prompt itself."""

    key: str
    title: str
    purpose: str
    prompt: Prompt


@cache
def gallery() -> Mapping[str, Template]:
    """Every ready prompt by its key, in the order of the files' own numbers."""
    found = [_template(path) for path in sorted(FOLDER.glob("*.yaml"))]
    return {template.key: template for template in found}


def _template(path: Path) -> Template:
    told = yaml.safe_load(path.read_text(encoding="utf-8"))
    key = path.stem.split("-", 1)[1]
    return Template(key, told["title"], told["purpose"], Prompt.from_json(told["prompt"]))
