"""Counts what a hand does in a page: presses, choices in lists, files chosen, fields written, keys."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field

from playwright.sync_api import BrowserContext

WATCH = """
const tell = (deed) => window.countOfTest(deed);
const writes = (at) => at.matches?.("input:not([type=checkbox], [type=radio], [type=file]), textarea, select");
addEventListener("pointerdown", (event) => event.isTrusted && tell("press"), true);
addEventListener("keydown", (event) => event.isTrusted && !writes(event.target) && tell("key"), true);
addEventListener("change", ({ target }) => {
  if (target.matches("select")) { tell("open a list"); tell("choose from it"); }
  else if (target.matches("[type=file]")) { tell("open the files"); tell("choose among them"); }
  else if (writes(target)) tell("go to a field");
}, true);
"""


@dataclass
class Clicks:
    """What was done since the counting began, in favour of nobody.

    A choice in a list is two clicks, and so is a file; words written into a field are the click that went there. A key
    is none: it is pressed where a text is judged, once for each.
    """

    deeds: Counter[str] = field(default_factory=Counter)

    @classmethod
    def of(cls, context: BrowserContext) -> Clicks:
        """Counts in every page that this browser context opens from now on."""
        clicks = cls()
        context.expose_function("countOfTest", lambda deed: clicks.deeds.update([deed]))
        context.add_init_script(WATCH)
        return clicks

    @property
    def count(self) -> int:
        return self.deeds.total() - self.keys

    @property
    def keys(self) -> int:
        return self.deeds["key"]
