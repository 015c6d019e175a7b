"""Model text made fit to be shown: what gives its writer away, how it is levelled, and how it is put on a page.

Everything here is pure: text in, text or findings out. Model text is hostile input wherever it is handled.
"""

from readerstudy.providers.texts.changes import Change, Piece, changes
from readerstudy.providers.texts.languages import UNKNOWN, language_of
from readerstudy.providers.texts.normalise import normalise
from readerstudy.providers.texts.redact import REDACTED, occurs, redact
from readerstudy.providers.texts.rules import NEUTRAL, Rules
from readerstudy.providers.texts.scan import TELLING, Finding, Kind, scan
from readerstudy.providers.texts.show import LONGEST_SHOWN, show, show_plain, visible
from readerstudy.providers.texts.style import FEATURES, style

__all__ = [
    "FEATURES",
    "LONGEST_SHOWN",
    "NEUTRAL",
    "REDACTED",
    "TELLING",
    "UNKNOWN",
    "Change",
    "Finding",
    "Kind",
    "Piece",
    "Rules",
    "changes",
    "language_of",
    "normalise",
    "occurs",
    "redact",
    "scan",
    "show",
    "show_plain",
    "style",
    "visible",
]
