"""From blocks to a system prompt and the parts of the user's turn, the same for every vendor."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from readerstudy.providers.base import ImagePart, Part, TextPart
from readerstudy.providers.prompts.document import Prompt


@dataclass(frozen=True, slots=True)
class Given:
    """What a case contributes. `facts` are values of the allowed variables; nothing else of a case is known here."""

    images: tuple[ImagePart, ...] = ()
    clinical_text: str = ""
    facts: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Scored:
    """An example that people scored: its images, the level they gave and why."""

    images: tuple[ImagePart, ...]
    level: str
    rationale: str


@dataclass(frozen=True, slots=True)
class Rendered:
    """What a model is sent, before any vendor's form. `schema` is a JSON schema of the reply, or None."""

    system: str
    parts: tuple[Part, ...]
    schema: Mapping[str, Any] | None = None

    @property
    def sha256(self) -> str:
        """Hash of the words, the images' hashes and the schema, in their order."""
        told = [self.system, [_fingerprint(part) for part in self.parts], self.schema]
        canonical = json.dumps(told, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
        return hashlib.sha256(canonical.encode()).hexdigest()


def render(prompt: Prompt, given: Given, examples: Sequence[Scored] = ()) -> Rendered:
    """The prompt for one case. Examples come in the order of the prompt's own list."""
    return Rendered(system=prompt.role.strip(), parts=tuple(_parts(prompt, given)))


def _parts(prompt: Prompt, given: Given) -> Iterator[Part]:
    for image in given.images:
        if len(given.images) > 1:
            yield TextPart(f"Image “{image.slot}”:")
        yield image
    clinical = given.clinical_text.strip()
    text = f"{prompt.task.strip()}\n\nClinical information: {clinical}" if clinical else prompt.task.strip()
    if text:
        yield TextPart(text)


def _fingerprint(part: Part) -> dict[str, str]:
    if isinstance(part, TextPart):
        return {"text": part.text}
    return {"image": hashlib.sha256(part.data).hexdigest(), "slot": part.slot, "mime": part.mime}
