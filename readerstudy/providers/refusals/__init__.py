"""Refusal verdicts: is a response an answer, and if not, what is it?

Ten labels in a fixed order, found in layers: the vendor's signal, the structure of the reply, then rules
over the text in English, German, Spanish, French, Arabic and Chinese. The rules look for a speaker, an
inability and a task, never for "cannot" alone: good reports are full of it.
"""

from readerstudy.providers.refusals.classify import classify, classify_reply
from readerstudy.providers.refusals.lines import LineProblem, Response, classify_lines, read_jsonl
from readerstudy.providers.refusals.verdict import DECLINED, RATEABLE, Label, Verdict

__all__ = [
    "DECLINED",
    "RATEABLE",
    "Label",
    "LineProblem",
    "Response",
    "Verdict",
    "classify",
    "classify_lines",
    "classify_reply",
    "read_jsonl",
]
