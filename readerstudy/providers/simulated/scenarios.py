"""What the simulated vendor can be made to do, and how one call's scenario is chosen."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from readerstudy.providers.simulated.call import Call
from readerstudy.providers.simulated.config import Config
from readerstudy.providers.simulated.draw import Draw, share
from readerstudy.providers.simulated.prose import manner_of

HEADER = "x-simulated-scenario"

ANSWERS = frozenset(
    {
        "answer",
        "hedged",
        "refusal_text",
        "deferral",
        "generic",
        "partial",
        "bad_schema",
        "fenced_json",
        "slow",
        "empty",
        "null_text",
        "truncated",
        "exhausted",
    }
)
SIGNALS = frozenset(
    {
        "refusal_field", "content_filter", "prompt_block", "image_safety", "prohibited", "recitation",
        "personal_data", "other_stop", "unknown_stop", "no_candidates",
    }
)  # fmt: skip
TRANSPORT = frozenset(
    {
        "malformed", "html", "wrong_shape", "cut", "disconnect", "reset", "hang", "drip", "redirect",
    }
)  # fmt: skip
ERRORS = frozenset({"quota", "bad_key", "policy_error", "azure_filter", "gateway_page", "late_429"})

_STATUS = re.compile(r"[45]\d\d(?::(?:\d+(?:\.\d+)?|silent))?")
_TIMES = re.compile(r"(.+?)\s*\*\s*([1-9]\d?)")
_MARK = re.compile(r"\[\[simulated:\s*([^\]]{1,200})\]\]")
_SUFFIX = re.compile(r"--((?:[a-z_]+|[45]\d\d)(?:\*[1-9]\d?)?)$")
_DECLINING = ("refusal_text", "refusal_text", "refusal_field", "content_filter", "deferral")


class UnknownScenario(ValueError):
    """A scenario that does not exist; the text is a sentence."""


@dataclass(slots=True)
class Script:
    """Scenarios that the next calls get in order, if model or prompt match."""

    match: re.Pattern[str]
    scenarios: list[str]


@dataclass(slots=True)
class Choice:
    """Chooses scenarios and remembers how often each request came, so that a list of scenarios moves on."""

    scripts: list[Script] = field(default_factory=list)
    times: dict[str, int] = field(default_factory=dict)

    def choose(self, call: Call, headers: Mapping[str, str], config: Config, *, attempt: str) -> str:
        """Header, then mark in the prompt, then suffix of the model's name, then script, then rates."""
        turn = self.times[call.fingerprint] = self.times.get(call.fingerprint, 0) + 1
        forced = next((listed for listed in _forced(call, headers) if listed), "")
        if forced:
            listed = unrolled(forced.split(","))
            return listed[min(turn, len(listed)) - 1]
        for script in self.scripts:
            if script.scenarios and script.match.search(f"{call.model}\n{call.system}\n{call.text}"):
                return script.scenarios.pop(0)
        return _by_rate(call, config, attempt=attempt, turn=turn)

    def add(self, match: str, scenarios: list[str]) -> None:
        """Queue scenarios for the next matching calls.

        Raises:
            UnknownScenario: if one does not exist or the pattern is not a regular expression.
        """
        try:
            pattern = re.compile(match)
        except re.error:
            raise UnknownScenario("“match” is not a regular expression.") from None
        self.scripts.append(Script(pattern, unrolled(scenarios, then="")))


def unrolled(names: Sequence[str], *, then: str = "answer") -> list[str]:
    """A list in which `name*3` stands three times; where the last one is counted, `then` comes after it.

    Raises:
        UnknownScenario: if one does not exist.
    """
    found = []
    for name in names:
        counted = _TIMES.fullmatch(name.strip())
        found += [check(counted.group(1))] * int(counted.group(2)) if counted else [check(name)]
    return [*found, then] if then and names and _TIMES.fullmatch(names[-1].strip()) else found


def check(name: str) -> str:
    """The scenario's name without blanks around it.

    Raises:
        UnknownScenario: if there is none of this name.
    """
    name = name.strip()
    if name in ANSWERS | SIGNALS | TRANSPORT | ERRORS or _STATUS.fullmatch(name):
        return name
    known = ", ".join(sorted(ANSWERS | SIGNALS | TRANSPORT | ERRORS))
    raise UnknownScenario(f"There is no scenario {name[:40]}. Known are HTTP codes from 400 on and: {known}.")


def plain_model(model: str) -> str:
    """The model's name without the suffix that forces a scenario."""
    return _SUFFIX.sub("", model)


def _forced(call: Call, headers: Mapping[str, str]) -> Iterator[str]:
    yield headers.get(HEADER, "")
    mark = _MARK.search(call.text) or _MARK.search(call.system)
    yield mark.group(1) if mark else ""
    suffix = _SUFFIX.search(call.model)
    yield suffix.group(1) if suffix else ""


def _by_rate(call: Call, config: Config, *, attempt: str, turn: int) -> str:
    fault = share(config.seed, "fault", call.fingerprint, attempt, turn)
    for name, rate in (
        ("429", config.rate_429),
        ("500", config.rate_500),
        ("503", config.rate_503),
        ("malformed", config.rate_malformed),
        ("html", config.rate_html),
        ("hang", config.rate_hang),
        ("reset", config.rate_reset),
    ):
        if fault < rate:
            return name
        fault -= rate
    return _by_image(call, config)


def _by_image(call: Call, config: Config) -> str:
    draw = Draw(config.seed, "kind", call.model, *(image.sha256 for image in call.images))
    if draw.share() < config.refusal_rate * manner_of(call.model).declines:
        return draw.one_of(_DECLINING)
    return "hedged" if draw.share() < config.hedge_rate else "answer"
