"""What a methods pack is made of, before it becomes Markdown, HTML or DOCX."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True)
class Line:
    """One line of a guideline: its number there, what it asks in our words, what is known, and what to add by hand."""

    number: str
    asks: str
    known: tuple[str, ...]
    prompt: str

    @property
    def is_open(self) -> bool:
        return not self.known


@dataclass(frozen=True)
class Guideline:
    """A guideline with its lines; `about` says what it is for."""

    name: str
    about: str
    lines: tuple[Line, ...]

    @property
    def filled(self) -> int:
        return sum(not line.is_open for line in self.lines)


@dataclass(frozen=True)
class Sheet:
    """A small table: a heading, its columns and rows."""

    heading: str
    head: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


@dataclass(frozen=True)
class Drawing:
    """A drawing by name, and its content in words for those who do not see it."""

    name: str
    heading: str
    alt: str


@dataclass(frozen=True)
class Pack:
    """The whole pack: paragraphs of methods by heading, drawings, guidelines, tables and the prompts word for word."""

    title: str
    lead: tuple[str, ...]
    sections: tuple[tuple[str, tuple[str, ...]], ...]
    drawings: tuple[Drawing, ...]
    guidelines: tuple[Guideline, ...]
    sheets: tuple[Sheet, ...]
    prompts: tuple[tuple[str, str], ...] = field(default=())
