"""Ready rubrics and study templates: the files under `fixtures/`, read and checked like any protocol.

A version of a rubric is one file and stays as it is; a change is a new file beside it. A template is a folder with
its protocol, the protocols of later stages where the design has some, and a page about it.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path as File
from typing import Any

from django.conf import settings

from readerstudy.declared import Lines, load
from readerstudy.studies.protocol.coherence import incoherent
from readerstudy.studies.protocol.document import Document, read
from readerstudy.studies.protocol.problems import Path, Problem, ProtocolError

FIRST_STAGE = "study"
PHASES = ("main", "exit")
_HEAD = {
    "format": int,
    "rubric": str,
    "number": int,
    "version": int,
    "title": str,
    "purpose": str,
    "source": str,
}
_NAME = re.compile(r"[a-z][a-z0-9-]{0,39}")
_CODE = re.compile(r"T(?:0[1-9]|1[0-9]|20)")


@dataclass(frozen=True, slots=True)
class Rubric:
    """One version of a ready rubric. `criteria` are in the form of a protocol file, in reading order.

    `phase` says where it is asked: `main` with every case, `exit` after the last one.
    """

    name: str
    number: int
    version: int
    title: str
    purpose: str
    source: str
    criteria: tuple[dict[str, Any], ...]
    phase: str = "main"


@dataclass(frozen=True, slots=True)
class Template:
    """One study template. `stages` are protocols by name, first the study itself; `page` is Markdown."""

    code: str
    stages: Mapping[str, Document]
    page: str

    @property
    def study(self) -> Document:
        """The protocol of the first or only stage."""
        return self.stages[FIRST_STAGE]


def rubrics() -> list[Rubric]:
    """The newest version of every ready rubric, by number."""
    names = (folder.name for folder in _folder("rubrics").iterdir() if folder.is_dir())
    return sorted((_found(name, None) for name in names), key=lambda each: each.number)


def rubric(name: str, version: int | None = None) -> Rubric:
    """A ready rubric by its name; its newest version where none is named.

    Raises:
        ProtocolError: where there is no such rubric or version.
    """
    try:
        return _found(name, version)
    except LookupError as error:
        raise ProtocolError([Problem(("criteria", "rubric"), str(error))]) from None


def read_rubric(content: bytes) -> Rubric:
    """The rubric in the bytes of a file.

    Raises:
        ProtocolError: with every problem that was found, each with its line, field and remedy.
    """
    data, lines = load(content)
    head = data if isinstance(data, dict) else {}
    problems = [Problem(path, sentence, lines.get(path)) for path, sentence in _malformed(head)]
    if problems:
        raise ProtocolError(problems)
    _check_criteria(head["criteria"], lines)
    fields = {name: head[name] for name in _HEAD if name not in {"format", "rubric"}}
    phase = head.get("phase", PHASES[0])
    return Rubric(name=head["rubric"], criteria=tuple(head["criteria"]), phase=phase, **fields)


def templates() -> list[Template]:
    """Every template, T01 first."""
    return [template(code) for code in template_codes()]


def template_codes() -> list[str]:
    """The codes of the templates, T01 first."""
    folders = _folder("templates").iterdir()
    return sorted(each.name for each in folders if _CODE.fullmatch(each.name))


def template(code: str) -> Template:
    """The template of a code from T01 to T20.

    Raises:
        LookupError: where there is none.
        ProtocolError: where one of its files cannot be used.
    """
    folder = _folder("templates") / code
    if not _CODE.fullmatch(code) or not folder.is_dir():
        raise LookupError(f"There is no template “{code}”. Templates are called T01 to T20.")
    names = sorted(
        (path.stem for path in folder.glob("*.yaml")), key=lambda name: (name != FIRST_STAGE, name)
    )
    stages = {name: read((folder / f"{name}.yaml").read_bytes()) for name in names}
    return Template(code, stages, (folder / "page.md").read_text("utf-8"))


def criteria_of(document: Document) -> list[dict[str, Any]]:
    """The questions of a protocol, those of the ready rubric where it names one.

    Raises:
        ProtocolError: where there is no such rubric, or parts of the protocol name questions that it does not have.
    """
    named = document.data["criteria"]
    if isinstance(named, list):
        return named
    try:
        questions = list(_found(named["rubric"], named.get("version")).criteria)
    except LookupError as error:
        raise ProtocolError([document.problem(("criteria", "rubric"), str(error))]) from None
    found = list(incoherent({**document.data, "criteria": questions}))
    if found:
        raise ProtocolError(document.problem(path, sentence) for path, sentence in found)
    return questions


def _found(name: str, version: int | None) -> Rubric:
    folder = _folder("rubrics") / name
    if not _NAME.fullmatch(name) or not folder.is_dir():
        known = ", ".join(sorted(each.name for each in _folder("rubrics").iterdir() if each.is_dir()))
        raise LookupError(f"There is no ready rubric “{name}”. There are: {known}.")
    versions = sorted(int(path.stem.removeprefix("v")) for path in folder.glob("v*.yaml"))
    if version is not None and version not in versions:
        told = ", ".join(map(str, versions))
        raise LookupError(f"The rubric “{name}” has no version {version}. It has: {told}.")
    return read_rubric((folder / f"v{version or versions[-1]}.yaml").read_bytes())


def _folder(name: str) -> File:
    return File(settings.BASE_DIR) / "fixtures" / name


def _malformed(head: Mapping[str, Any]) -> Iterator[tuple[Path, str]]:
    """What is wrong with a rubric apart from its questions."""
    for name, kind in _HEAD.items():
        if type(head.get(name)) is not kind:
            yield (name,), f"“{name}” must be {'a whole number' if kind is int else 'text'}. Write one."
    if isinstance(head.get("format"), int) and head["format"] != 1:
        yield ("format",), "This must be 1."
    if head.get("phase", PHASES[0]) not in PHASES:
        yield ("phase",), f"“phase” is one of: {', '.join(PHASES)}."
    for name in sorted(head.keys() - _HEAD.keys() - {"criteria", "phase"}):
        yield (name,), f"“{name}” is not known here. Remove it."
    if not isinstance(head.get("criteria"), list):
        yield ("criteria",), "“criteria” must be a list of questions. Write one."


def _check_criteria(criteria: list[Any], lines: Lines) -> None:
    """Check questions as those of a protocol are checked. A rubric is for any study, so it names no stratum."""
    around = {
        "format": 1,
        "study": {"title": "Any", "question": "Any"},
        "arms": [{"name": "Any", "source": "unaided"}],
        "criteria": criteria,
        "allocation": {"plan": "crossed"},
    }
    try:
        read(json.dumps(around).encode())
    except ProtocolError as error:
        told = [Problem(each.path, each.sentence, _line(each, lines)) for each in error.problems]
        raise ProtocolError(told) from None


def _line(problem: Problem, lines: Lines) -> int | None:
    ends = range(len(problem.path), 0, -1)
    return next((lines[problem.path[:end]] for end in ends if problem.path[:end] in lines), None)
