"""What a report is made of on paper: finished words in tables, pictures and sections. No numbers any more."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True)
class Cell:
    """One cell. `badges` are labels such as “Simulated”; `kind` is one of head, number, text, why."""

    text: str
    kind: str = "text"
    badges: tuple[str, ...] = ()


Row = tuple[Cell, ...]


@dataclass(frozen=True)
class Group:
    """Rows that belong together under a title; a table without groups has one with an empty title."""

    title: str
    rows: tuple[Row, ...]


@dataclass(frozen=True)
class Table:
    """A table with what has to be said under it: how it was computed and what to beware of."""

    caption: str
    head: Row
    groups: tuple[Group, ...]
    methods: tuple[str, ...] = ()
    cautions: tuple[str, ...] = ()


@dataclass(frozen=True)
class Picture:
    """A figure by name, with its numbers in words for those who do not see it."""

    name: str
    alt: str
    caption: str


@dataclass(frozen=True)
class Section:
    """A part: sentences first, then a list of points, a picture and a table; `inner` sections follow."""

    slug: str
    heading: str
    sentences: tuple[str, ...] = ()
    points: tuple[str, ...] = ()
    notices: tuple[str, ...] = ()
    pictures: tuple[Picture, ...] = ()
    tables: tuple[Table, ...] = ()
    inner: tuple[Section, ...] = ()


@dataclass(frozen=True)
class Line:
    """One headline and the section that carries it."""

    slug: str
    heading: str
    sentence: str


@dataclass(frozen=True)
class Document:
    """The whole report in words."""

    title: str
    question: str
    notices: tuple[tuple[str, str], ...]
    facts: tuple[tuple[str, str], ...]
    summary: tuple[Line, ...]
    sections: tuple[Section, ...] = field(default=())


@dataclass(frozen=True)
class Part:
    """A part of the results in words; never a document of its own."""

    notices: tuple[tuple[str, str], ...]
    sections: tuple[Section, ...]
