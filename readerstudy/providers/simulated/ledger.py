"""The books of the simulated vendor: what came, what was answered, and what was sent in the images."""

from __future__ import annotations

from collections import Counter, deque
from dataclasses import dataclass, field
from typing import Any

from readerstudy.providers.simulated.call import Call
from readerstudy.providers.simulated.metadata import detected_type, metadata_of

_KEPT_REQUESTS = 2000
_LONGEST_TEXT = 4000


@dataclass(slots=True)
class Account:
    """What happened to the calls that share an attempt id, or are the same request."""

    received: int = 0
    answered: int = 0
    failed: int = 0
    outcomes: list[str] = field(default_factory=list)

    def as_dict(self) -> dict[str, Any]:
        """JSON-safe."""
        return {
            "received": self.received,
            "answered": self.answered,
            "failed": self.failed,
            "outcomes": list(self.outcomes),
        }


@dataclass(slots=True)
class Entry:
    """One call while it is open."""

    call: Call
    attempt: str
    scenario: str = ""
    closed: bool = False


class Ledger:
    """Counts calls. `answered` means that a whole reply was booked, whatever the model said in it.

    A reply is booked before its bytes leave: who has read it finds it here.
    """

    def __init__(self) -> None:
        self.counts: Counter[str] = Counter()
        self.in_flight = 0
        self.max_in_flight = 0
        self.attempts: dict[str, Account] = {}
        self.requests: dict[str, Account] = {}
        self.by: dict[str, Counter[str]] = {
            name: Counter() for name in ("vendor", "model", "scenario", "status")
        }
        self._recent: deque[dict[str, Any]] = deque(maxlen=_KEPT_REQUESTS)

    def open(self, call: Call, attempt: str) -> Entry:
        """Book a call that has arrived in full."""
        entry = Entry(call, attempt)
        self.counts["received"] += 1
        self.in_flight += 1
        self.max_in_flight = max(self.max_in_flight, self.in_flight)
        self.by["vendor"][call.vendor] += 1
        self.by["model"][call.model] += 1
        for account in self._accounts(entry):
            account.received += 1
        return entry

    def close(self, entry: Entry, *, status: int, answered: bool) -> None:
        """Book how a call ended. Status 0 means that no status line left."""
        if entry.closed:
            return
        entry.closed = True
        self.in_flight -= 1
        word = "answered" if answered else "failed"
        self.counts[word] += 1
        self.by["scenario"][entry.scenario] += 1
        self.by["status"][str(status)] += 1
        for account in self._accounts(entry):
            setattr(account, word, getattr(account, word) + 1)
            account.outcomes.append(entry.scenario)
        self._recent.append(_describe(entry, status))  # without the images' bytes

    def stats(self, *, attempts: bool = True) -> dict[str, Any]:
        """All counters, JSON-safe; `attempts` False leaves the long tables out."""
        found: dict[str, Any] = {
            "received": self.counts["received"],
            "answered": self.counts["answered"],
            "failed": self.counts["failed"],
            "unauthorised": self.counts["unauthorised"],
            "rejected": self.counts["rejected"],
            "without_attempt_id": self.counts["without_attempt_id"],
            "client_left": self.counts["client_left"],
            "in_flight": self.in_flight,
            "max_in_flight": self.max_in_flight,
            "answered_more_than_once": _more_than_once(self.attempts),
            "requests_answered_more_than_once": _more_than_once(self.requests),
            **{f"by_{name}": dict(counter) for name, counter in self.by.items()},
        }
        if attempts:
            found["by_attempt"] = {name: account.as_dict() for name, account in self.attempts.items()}
            found["by_request"] = {name: account.as_dict() for name, account in self.requests.items()}
        return found

    def recent(self, *, limit: int, attempt: str = "") -> list[dict[str, Any]]:
        """The last requests, oldest first: words, parameters and images, never a key."""
        chosen = [request for request in self._recent if not attempt or request["attempt"] == attempt]
        return chosen[-limit:] if limit > 0 else []

    def _accounts(self, entry: Entry) -> list[Account]:
        accounts = [self.requests.setdefault(entry.call.fingerprint, Account())]
        if entry.attempt:
            accounts.append(self.attempts.setdefault(entry.attempt, Account()))
        return accounts


def _more_than_once(accounts: dict[str, Account]) -> list[str]:
    return sorted(name for name, account in accounts.items() if account.answered > 1)


def _describe(entry: Entry, status: int) -> dict[str, Any]:
    call = entry.call
    return {
        "attempt": entry.attempt,
        "request": call.fingerprint,
        "vendor": call.vendor,
        "model": call.model,
        "scenario": entry.scenario,
        "status": status,
        "system": call.system[:_LONGEST_TEXT],
        "text": call.text[:_LONGEST_TEXT],
        "parameters": dict(call.parameters),
        "images": [
            {
                "mime": image.mime,
                "detected": detected_type(image.data),
                "bytes": len(image.data),
                "sha256": image.sha256,
                "metadata": metadata_of(image.data),
            }
            for image in call.images
        ],
    }
