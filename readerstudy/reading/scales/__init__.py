"""What a rating may be: the answer as it came from the reader, checked against its criterion. Pure.

One module a family of kinds; `check_answer` is the way in. Values of complex kinds are canonical JSON in
`Answer.value`.
"""

from readerstudy.reading.scales.base import (
    ANYTHING,
    LONGEST_REASON,
    LONGEST_TEXT,
    About,
    Answer,
    Frame,
    RatingError,
)
from readerstudy.reading.scales.checking import check_answer, is_whole, needs_reason

__all__ = [
    "ANYTHING",
    "LONGEST_REASON",
    "LONGEST_TEXT",
    "About",
    "Answer",
    "Frame",
    "RatingError",
    "check_answer",
    "is_whole",
    "needs_reason",
]
