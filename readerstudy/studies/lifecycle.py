"""The states of a study and the one table of moves between them.

Every move has one deed. The buttons of the overview, the page of a deed, the checks of its action, the audit trail and
the documentation all read this table, so they cannot disagree.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from django.db import models
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _


class State(models.TextChoices):
    DRAFT = "draft", _("draft")
    PILOT = "pilot", _("pilot")
    LOCKED = "locked", _("locked")
    RUNNING = "running", _("running")
    PAUSED = "paused", _("paused")
    CLOSED = "closed", _("closed")
    DATA_LOCKED = "data_locked", _("data locked")
    UNBLINDED = "unblinded", _("unblinded")
    ARCHIVED = "archived", _("archived")


class Deed(StrEnum):
    """What a person does to a study as a whole; its value names it in addresses and in the audit trail."""

    BEGIN_PILOT = "begin-pilot"
    END_PILOT = "end-pilot"
    LOCK = "lock"
    OPEN = "open"
    PAUSE = "pause"
    RESUME = "resume"
    CLOSE = "close"
    LOCK_DATA = "lock-data"
    UNBLIND = "unblind"
    ARCHIVE = "archive"


class Check(StrEnum):
    """What must hold before a deed, beside the state."""

    READY = "ready"  # no station of the study reports anything that blocks
    ETHICS = "ethics"  # the approval is neither pending nor expired


COORDINATOR = frozenset({"coordinator"})
USUAL = frozenset({Deed.LOCK, Deed.OPEN, Deed.RESUME, Deed.LOCK_DATA, Deed.UNBLIND, Deed.ARCHIVE})


@dataclass(frozen=True)
class Move:
    """One deed: from which states it leads where, who may do it, and what it asks for."""

    deed: Deed
    now: frozenset[State]
    then: State
    label: str | Promise
    says: str | Promise
    roles: frozenset[str] = COORDINATOR
    checks: frozenset[Check] = frozenset()
    is_signed: bool = False
    needs_reason: bool = False

    @property
    def verb(self) -> str:
        """The name of the deed in the audit trail."""
        return f"study.{self.deed.replace('-', '_')}"

    @property
    def is_next(self) -> bool:
        """Whether it is the usual next step, and so the one primary button of the overview."""
        return self.deed in USUAL

    @property
    def asks(self) -> bool:
        """Whether the deed has a page that asks something; else its button does it at once."""
        return self.is_signed or self.needs_reason or self.deed == Deed.BEGIN_PILOT


TABLE = (
    Move(
        Deed.BEGIN_PILOT,
        frozenset({State.DRAFT}),
        State.PILOT,
        _("Begin a pilot"),
        _(
            "Readers try the study on some of its cases. Nothing they rate ever counts in the report. While the pilot "
            "lasts the protocol stays as it is; end it to change something."
        ),
        checks=frozenset({Check.READY, Check.ETHICS}),
    ),
    Move(
        Deed.END_PILOT,
        frozenset({State.PILOT}),
        State.DRAFT,
        _("End the pilot"),
        _(
            "The study is a draft again, and its protocol can change. What was rated in the pilot is kept apart."
        ),
    ),
    Move(
        Deed.LOCK,
        frozenset({State.DRAFT, State.PILOT}),
        State.LOCKED,
        _("Sign and lock"),
        _(
            "This freezes protocol, cases, images, outputs, questions and the order of reading under one manifest. It "
            "cannot be undone; later only the wording can be mended, by an amendment."
        ),
        checks=frozenset({Check.READY, Check.ETHICS}),
        is_signed=True,
    ),
    Move(
        Deed.OPEN,
        frozenset({State.LOCKED}),
        State.RUNNING,
        _("Open the reading"),
        _("Readers can begin."),
        checks=frozenset({Check.ETHICS}),
    ),
    Move(
        Deed.PAUSE,
        frozenset({State.RUNNING}),
        State.PAUSED,
        _("Pause"),
        _("Nobody can rate until you resume. What is rated is safe."),
    ),
    Move(
        Deed.RESUME,
        frozenset({State.PAUSED}),
        State.RUNNING,
        _("Resume"),
        _("Readers can go on."),
        checks=frozenset({Check.ETHICS}),
    ),
    Move(
        Deed.CLOSE,
        frozenset({State.RUNNING, State.PAUSED}),
        State.CLOSED,
        _("Close for good"),
        _(
            "After closing nobody can rate any more. Disagreements can still be settled until the data are locked."
        ),
        needs_reason=True,
    ),
    Move(
        Deed.LOCK_DATA,
        frozenset({State.CLOSED}),
        State.DATA_LOCKED,
        _("Sign and lock the data"),
        _(
            "No rating, verdict or settlement can be added after this. The report then always gives the same numbers. "
            "It still shows the arms as X, Y …"
        ),
        is_signed=True,
    ),
    Move(
        Deed.UNBLIND,
        frozenset({State.DATA_LOCKED}),
        State.UNBLINDED,
        _("Sign and unblind"),
        _("From now on the report and all exports name the arms. It cannot be undone."),
        is_signed=True,
        needs_reason=True,
    ),
    Move(
        Deed.ARCHIVE,
        frozenset({State.UNBLINDED}),
        State.ARCHIVED,
        _("Archive"),
        _("The study can be read and exported, and nothing in it can be changed any more, by nobody."),
        needs_reason=True,
    ),
)

MOVES: dict[State, frozenset[State]] = {
    state: frozenset(move.then for move in TABLE if state in move.now) for state in State
}

OPEN_TO_CHANGE = frozenset({State.DRAFT})
OPEN_TO_READING = frozenset({State.PILOT, State.RUNNING})
OPEN_TO_DATA = frozenset({State.DRAFT, State.PILOT, State.LOCKED, State.RUNNING, State.PAUSED, State.CLOSED})
"""States in which verdicts can be added: all before the data lock."""
OPEN_TO_SETTLEMENT = frozenset({State.RUNNING, State.PAUSED, State.CLOSED})
"""States in which disagreements of readers can be settled."""
OPEN_TO_AMENDMENT = frozenset({State.LOCKED, State.RUNNING, State.PAUSED})
OPEN_TO_EMERGENCY = frozenset({State.LOCKED, State.RUNNING, State.PAUSED, State.CLOSED, State.DATA_LOCKED})
NAMED = frozenset({State.UNBLINDED, State.ARCHIVED})
"""States in which report and exports name the arms."""


def move_of(deed: str) -> Move:
    """The row of the table for a deed; raises `KeyError` for what is none."""
    found = next((move for move in TABLE if move.deed == deed), None)
    if found is None:
        raise KeyError(deed)
    return found


def moves_from(now: str) -> tuple[Move, ...]:
    """What can be done to a study in this state, in the order of the table."""
    return tuple(move for move in TABLE if now in move.now)


def may_move(now: str, then: State) -> bool:
    return then in MOVES[State(now)]


def diagram() -> str:
    """The table of moves as a Mermaid state diagram, for the documentation."""
    lines = ["stateDiagram-v2", "    [*] --> draft"]
    lines += [f"    {now} --> {move.then}: {move.deed}" for now in State for move in TABLE if now in move.now]
    return "\n".join([*lines, "    archived --> [*]"])


def documented_table() -> str:
    """The table as Markdown, for the documentation."""
    head = (
        "| deed | from | to | who | signed | reason | checks |\n| --- | --- | --- | --- | --- | --- | --- |"
    )
    return "\n".join([head, *(_documented(move) for move in TABLE)])


def _documented(move: Move) -> str:
    yes = {True: "yes", False: "–"}
    cells = (
        move.deed,
        ", ".join(state for state in State if state in move.now),
        move.then,
        ", ".join(sorted(move.roles)),
        yes[move.is_signed],
        yes[move.needs_reason],
        ", ".join(sorted(move.checks)) or "–",
    )
    return f"| {' | '.join(cells)} |"
