"""The marks of Markdown, LaTeX and chat as patterns, in the narrow form in which they can be nothing else.

A report has signs that look like markup: 3*4 mm, T2*, snake_case, "# NOF" for a fracture, "+ effusion" for a finding
that is there. What can be one of these is not a mark.
"""

from __future__ import annotations

import re

REASONING = re.compile(
    r"<(?P<tag>think|thinking|reasoning|thought|reflection|scratchpad|analysis)>.*?(?:</(?P=tag)>|\Z)"
    r"|◁think▷.*?(?:◁/think▷|\Z)"
    r"|\A(?:(?!<think>).)*?</think>",
    re.DOTALL | re.IGNORECASE,
)
REASONING_TAG = re.compile(
    r"</?(?:think|thinking|reasoning|thought|reflection|scratchpad|analysis|answer|final_answer|output|response)>"
    r"|◁/?think▷|<\|[\w ]{1,40}\|>",
    re.IGNORECASE,
)
_FRACTURE = (
    r"nof\b|neck\b|shaft\b|left\b|right\b|l\b|r\b|distal|proximal|mid\b|rib|hip|femur|femor|tib|fib|hum|rad|uln|"
    r"clav|c\d|t\d|l\d|\d|of\b|pelvi|ankle|wrist|scaph|vertebr|base\b|head of"
)
HEADING = re.compile(
    rf"^[ \t]{{0,3}}(?:#{{2,6}}|#(?![ \t]*(?i:{_FRACTURE})))[ \t]+"
    r"(?P<title>\S[^\n]{0,200}?)(?:[ \t]+#{1,6})?[ \t]{0,9}$",
    re.MULTILINE,
)
RULE = re.compile(
    r"^[ \t]{0,3}(?:-[ \t]*){3,}$|^[ \t]{0,3}(?:\*[ \t]*){3,}$|^[ \t]{0,3}(?:_[ \t]*){3,}$", re.MULTILINE
)
UNDERLINE = re.compile(r"(?<=[^\n])\n[ \t]{0,3}={3,}[ \t]*$", re.MULTILINE)
STRONG = re.compile(r"(?<![\w*])\*\*(?=[^\s*])(?P<inner>[^\n]{1,300}?)(?<=[^\s*])\*\*(?![\w*])")
STRONG_BESIDE_STAR = re.compile(r"(?<![\w*])\*\*(?=[^\s*])(?P<inner>[^\n*]{0,200}[TR]2\*)\*\*(?![\w*])")
STRONG_LOW = re.compile(r"(?<![\w_])__(?=[^\s_])(?P<inner>[^\n_]{1,300}?)(?<=[^\s_])__(?![\w_])")
EMPHASIS = re.compile(r"(?<![\w*)])\*(?=[^\s*])(?P<inner>[^\n*]{1,300}?)(?<=[^\s*])(?<![TR]2)\*(?![\w*])")
EMPHASIS_LOW = re.compile(r"(?<![\w_])_(?=[^\s_])(?P<inner>[^\n_]{1,300}?)(?<=[^\s_])_(?![\w_])")
CODE = re.compile(r"(?<!`)`(?P<inner>[^`\n]{1,300})`(?!`)")
FENCE = re.compile(r"^[ \t]{0,3}(?:`{3,}|~{3,})[ \t]*[\w+-]{0,20}[ \t]*$", re.MULTILINE)
BULLET = re.compile(r"^(?P<indent>[ \t]*)(?:[*•●▪‣◦○·–—➢➤►■□✓✔]|-)[ \t]+(?=\S)", re.MULTILINE)
NUMBERED = re.compile(r"^(?P<indent>[ \t]*)(?P<number>\d{1,3})[.)][ \t]+(?=\S)", re.MULTILINE)
TABLE_LINE = re.compile(r"^[ \t]*\|.*\|[ \t]*$", re.MULTILINE)
TABLE_DIVIDER = re.compile(
    r"^[ \t]*\|?[ \t]*:?-{2,}:?[ \t]*(?:\|[ \t]*:?-{2,}:?[ \t]*)*\|?[ \t]*$", re.MULTILINE
)
LATEX = re.compile(
    r"\\\(.{1,400}?\\\)|\\\[.{1,2000}?\\\]|\$\$.{1,2000}?\$\$|\\(?:text|frac|times|cdot|approx|mathrm|boxed)\b"
)
EMOJI = re.compile(
    "(?:[\U0001f1e6-\U0001f1ff]{2}|[\U0001f300-\U0001faff\u2600-\u26ff\u2705\u2728\u274c\u274e\u2753-\u2757\u2b50\u2b55"
    "\u231a\u231b\u23e9-\u23f3\u26a0\u2764])[\ufe0f\u200d\U0001f3fb-\U0001f3ff\u2640\u2642]*"
)
SIGNS_OF_SEX = "\u2640\u2642\u26a5\u26a2"  # are no emoji in a report
INVISIBLE = re.compile(
    "[\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180e\u200b\u200e\u200f\u202a-\u202e\u2060-\u2064\u2066-\u206f"
    "\u3164\ufe00-\ufe0f\ufeff\uffa0\U000e0000-\U000e0fff]"
)
JOINER = re.compile(
    "(?<![\u0600-\u06ff\u0900-\u0dff])[\u200c\u200d]|[\u200c\u200d](?![\u0600-\u06ff\u0900-\u0dff])"
)
