"""What kind of response a text is: vendor signal, then structure, then rules over the text."""

from __future__ import annotations

from dataclasses import replace

from readerstudy.providers.base import Outcome, Reply
from readerstudy.providers.refusals.rules import judge
from readerstudy.providers.refusals.structure import from_form, from_signal
from readerstudy.providers.refusals.verdict import Label, Verdict

LONGEST_READ = 10_000
"""Characters that are judged; the kind of a response shows long before."""


def classify(text: str, finish_reason: str | None, *, outcome: Outcome | None = None) -> Verdict:
    """Say which of the ten labels fits first.

    `finish_reason` is the vendor's own word, a Gemini prompt block written `prompt_feedback:<reason>`, empty
    where it is not known, and None where no completion came back. `outcome` is what an adapter made of
    the vendor's fields; given, it goes before the word.
    """
    text = text[:LONGEST_READ]
    verdict = from_signal(text, finish_reason, outcome) or from_form(text)
    return verdict or judge(text)


def classify_reply(reply: Reply) -> Verdict:
    """The verdict on an adapter's reply, with the vendor's own words as evidence where they decide."""
    said = reply.refusal_text or reply.block_reason or reply.stop_reason
    verdict = classify(reply.text, said, outcome=reply.outcome)
    if reply.outcome is Outcome.UNCLASSIFIED and verdict.verdict is not Label.ERROR:
        return replace(verdict, signal=f"unclassified_stop; {verdict.signal}", is_sure=False)
    return verdict
