"""The layers before any language: the vendor's signal, and the bare form of what came back."""

from __future__ import annotations

import re
from collections import Counter

from readerstudy.providers.base import Outcome
from readerstudy.providers.refusals.evidence import LONGEST_EVIDENCE, quote_from
from readerstudy.providers.refusals.normalise import fields_of, tidy
from readerstudy.providers.refusals.verdict import Label, Verdict
from readerstudy.providers.stops import KNOWN_STOPS

_PROMPT_BLOCK = re.compile(r"^prompt_?feedback\s*[:/.]", re.IGNORECASE)
_BLOCKED = {Outcome.BLOCKED, Outcome.REFUSED}
_CUT = {Outcome.TRUNCATED, Outcome.EXHAUSTED}
_READABLE = re.compile(r"[^\W_]")
_API_ERROR = re.compile(
    r"^\W*(?:"
    r"(?:api|http|server|network|internal|upstream|gateway|connection|request|ssl|socket|json\w*|value|runtime|type|key)"
    r" ?(?:error|timeout|timed out|failed|reset|refused)\b"
    r"|error(?: code)?\W{1,3}\d{3}\b|http/?\d?\S* [45]\d\d\b"
    r"|[45]\d\d (?:bad|unauthori[sz]ed|forbidden|not found|too many|internal|service|gateway|client)"
    r"|bad gateway|service unavailable|gateway time-?out|too many requests|rate limit|quota exceeded|you exceeded your"
    r"|(?:incorrect|invalid|missing) api key|invalid (?:image|request|model|argument)\W|upstream (?:connect|request)"
    r"|the (?:model|server|engine) .{0,40}(?:overloaded|does not exist|unavailable|not found)|traceback \("
    r"|connection (?:aborted|error|reset|refused|timed out)|(?:read|request|connect)(?:ion)? timed? ?out"
    r"|deadline exceeded|resource has been exhausted|\w+error: )",
    re.IGNORECASE,
)
_LONGEST_ERROR = 400


def from_signal(text: str, finish_reason: str | None, outcome: Outcome | None) -> Verdict | None:
    """The verdict that the vendor's own words settle, or None where they settle nothing."""
    if finish_reason is None and outcome is None:
        return Verdict(Label.ERROR, "finish_reason:null", _quote(text))
    reason = (finish_reason or "").strip()
    if _PROMPT_BLOCK.match(reason):
        return Verdict(Label.SAFETY_BLOCK, "vendor:prompt_feedback", reason)
    found = outcome or (_outcome_of(reason) if reason else None)
    if found in _BLOCKED:
        return Verdict(Label.SAFETY_BLOCK, f"vendor:{found.value}" if found else "vendor", reason)
    if found in _CUT:
        return Verdict(Label.TRUNCATED, f"finish_reason:{reason or found}", _quote(text[-60:]))
    if found is Outcome.UNCLASSIFIED and not _READABLE.search(text):
        return Verdict(Label.ERROR, "unclassified_stop", reason)
    return None


def _outcome_of(reason: str) -> Outcome:
    """What a vendor's word means, also written `FinishReason.SAFETY` or `incomplete:max_output_tokens`."""
    word = re.split(r"[.:/=\s]+", reason.casefold())[-1]
    return KNOWN_STOPS.get(reason.casefold()) or KNOWN_STOPS.get(word, Outcome.UNCLASSIFIED)


def from_form(text: str) -> Verdict | None:
    """The verdict that the bare form of a text settles: an error message, nothing readable, or one thing repeated."""
    tidied = tidy(text)
    fields = fields_of(tidied)
    readable = " ".join(value for _, value in fields) if fields is not None else tidied
    if not _READABLE.search(readable) or readable.strip().casefold() in {
        "null",
        "none",
        "n/a",
        "undefined",
        "nan",
    }:
        return Verdict(Label.EMPTY, "structure:nothing_readable", _quote(text))
    if fields is None and len(tidied) < _LONGEST_ERROR and (match := _API_ERROR.match(tidied)):
        return Verdict(Label.ERROR, "structure:error_message", quote_from(text, match.group(0)))
    if _repeats(readable):
        return Verdict(Label.OFF_TASK, "structure:repetition", quote_from(text, readable))
    return None


def _repeats(text: str) -> bool:
    """Whether a text is one word, phrase or character over and over."""
    if re.search(r"([^\W\d_])\1{9,}", text):
        return True
    tokens = re.findall(r"\w+", text.casefold())
    if len(tokens) < 8:
        return False
    most = Counter(tokens).most_common(1)[0][1]
    return len(set(tokens)) / len(tokens) < 0.3 or most / len(tokens) > 0.6


def _quote(text: str) -> str:
    return text.strip()[:LONGEST_EVIDENCE]
