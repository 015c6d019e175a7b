"""What a deed in the audit trail is called. Rooms say it in a module `deeds` of their own, found at start-up."""

from __future__ import annotations

from collections.abc import Callable

from readerstudy.audit.models import Event

Tell = Callable[[Event], str]

_tellers: dict[str, Tell] = {}


def register(verb: str, tell: Tell) -> None:
    """Adds the sentence for a verb; `tell` makes it from the event as it was recorded."""
    _tellers[verb] = tell


def sentence(event: Event) -> str:
    """What was done, in words; empty for a verb that no room has put into words."""
    tell = _tellers.get(event.verb)
    return tell(event) if tell else ""
