"""The states of a study and the one table of moves between them."""

from django.db import models
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


MOVES: dict[State, frozenset[State]] = {
    State.DRAFT: frozenset({State.PILOT, State.LOCKED}),
    State.PILOT: frozenset({State.DRAFT, State.LOCKED}),
    State.LOCKED: frozenset({State.RUNNING}),
    State.RUNNING: frozenset({State.PAUSED, State.CLOSED}),
    State.PAUSED: frozenset({State.RUNNING, State.CLOSED}),
    State.CLOSED: frozenset({State.DATA_LOCKED}),
    State.DATA_LOCKED: frozenset({State.UNBLINDED}),
    State.UNBLINDED: frozenset({State.ARCHIVED}),
    State.ARCHIVED: frozenset(),
}

OPEN_TO_CHANGE = frozenset({State.DRAFT, State.PILOT})
OPEN_TO_READING = frozenset({State.RUNNING})


def may_move(now: str, then: State) -> bool:
    return then in MOVES[State(now)]


def diagram() -> str:
    """The table of moves as a Mermaid state diagram, for the documentation."""
    lines = ["stateDiagram-v2", "    [*] --> draft"]
    lines += [f"    {now} --> {then}" for now in State for then in State if then in MOVES[now]]
    return "\n".join([*lines, "    archived --> [*]"])
