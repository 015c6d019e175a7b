"""What can be set about the simulated vendor, at start and while it runs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from typing import Any


class ConfigProblem(ValueError):
    """A setting that does not exist or a value that it cannot take; the text is a sentence."""


@dataclass(frozen=True, slots=True)
class Config:
    """All settings. Rates are shares of attempts, drawn for each attempt anew, so that a retry can succeed.

    `refusal_rate` is a share of images instead, times the manner of the model: a refusal is the model's
    answer and stays the same however often it is asked.
    """

    key: str = "simulated"
    """The API key that is accepted; empty accepts any."""
    seed: int = 0
    latency: float = 0.0
    """Seconds before each reply."""
    latency_jitter: float = 0.0
    """Up to this many seconds more."""
    refusal_rate: float = 0.04
    hedge_rate: float = 0.05
    rate_429: float = 0.0
    rate_500: float = 0.0
    rate_503: float = 0.0
    rate_malformed: float = 0.0
    rate_html: float = 0.0
    rate_hang: float = 0.0
    rate_reset: float = 0.0
    requests_per_minute: int = 0
    """Calls in a sliding window before 429; 0 means no limit."""
    window: float = 60.0
    """Length of that window in seconds."""
    retry_after: float = 1.0
    """What Retry-After says where no limit tells better."""
    hang: float = 600.0
    """Seconds that a hanging call stays open."""
    drip: float = 0.05
    """Seconds between two bytes of a dripping reply."""
    slow: float = 3.0
    """Seconds that a slow call takes; it is answered all the same."""
    build: str = "1"
    """Part of the served model's version, so that a change of model in mid-run can be played."""
    drift_after: int = 0
    """After so many answers the served version changes by itself; 0 means never."""
    max_concurrency: int = 0
    """Calls under way at once before 429; 0 means no limit."""
    no_sampling: str = ""
    """Models whose name contains this get 400 for temperature and its kin, as reasoning models do."""
    batch_delay: float = 0.0
    """Seconds until a batch is done."""
    batch_expires_after: int = 0
    """A batch runs out of time after so many of its lines; 0 means never."""

    def __post_init__(self) -> None:
        """Check every value.

        Raises:
            ConfigProblem: if one is out of its range.
        """
        for setting in fields(self):
            value = getattr(self, setting.name)
            share = setting.name.startswith("rate_") or setting.name.endswith("_rate")
            if share and not 0 <= value <= 1:
                raise ConfigProblem(f"{setting.name} is a share and must lie between 0 and 1.")
            if isinstance(value, int | float) and setting.name != "seed" and value < 0:
                raise ConfigProblem(f"{setting.name} cannot be negative.")

    def changed(self, changes: Mapping[str, Any]) -> Config:
        """A copy with some settings changed; numbers may come as text.

        Raises:
            ConfigProblem: if a setting does not exist or cannot take the value.
        """
        known = {setting.name: type(getattr(self, setting.name)) for setting in fields(self)}
        values: dict[str, Any] = {}
        for name, value in changes.items():
            if name not in known:
                raise ConfigProblem(f"There is no setting {name}. Known are: {', '.join(known)}.")
            try:
                values[name] = known[name](value)
            except (TypeError, ValueError):
                raise ConfigProblem(f"{name} cannot be set to this value.") from None
        return replace(self, **values)
