"""What a reader may see. Pure functions from plain records to the reading page, the only source of its contents.

Nothing here knows an arm: a `ShownOutput` has a letter and a text. Whether outputs are simulated or recorded is said
for the study as a whole, because a label on one output would tell the arms apart.
"""

from readerstudy.reading.visibility.feedback import FeedbackPage, ShownComparison, show_comparisons
from readerstudy.reading.visibility.images import (
    ShownBox,
    ShownImage,
    public_meta,
    show_boxes,
    show_images,
    show_marks,
)
from readerstudy.reading.visibility.page import (
    Nature,
    Progress,
    ReadingPage,
    clock,
    day_and_clock,
    study_is_shown,
    told_elsewhere,
)
from readerstudy.reading.visibility.questions import (
    MARKS,
    Entry,
    ShownCriterion,
    ShownGroup,
    ShownOption,
    ShownSaid,
    ShownSealed,
    entries_of,
    show_criterion,
    show_question,
    show_sealed,
    words_of,
)
from readerstudy.reading.visibility.texts import (
    ShownOutput,
    html_of,
    reference_of,
    show_outputs,
    source_of,
    text_of,
)

__all__ = [
    "MARKS",
    "Entry",
    "FeedbackPage",
    "Nature",
    "Progress",
    "ReadingPage",
    "ShownBox",
    "ShownComparison",
    "ShownCriterion",
    "ShownGroup",
    "ShownImage",
    "ShownOption",
    "ShownOutput",
    "ShownSaid",
    "ShownSealed",
    "clock",
    "day_and_clock",
    "entries_of",
    "html_of",
    "public_meta",
    "reference_of",
    "show_boxes",
    "show_comparisons",
    "show_criterion",
    "show_images",
    "show_marks",
    "show_outputs",
    "show_question",
    "show_sealed",
    "source_of",
    "study_is_shown",
    "text_of",
    "told_elsewhere",
    "words_of",
]
