"""Who signs in to the demonstration. The addresses are of a domain that cannot exist."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class SignIn:
    role: str
    email: str
    password: str
    name: str


COORDINATOR = SignIn("coordinator", "coordinator@demo.example", "demo-coordinator", "Demo coordinator")
READER = SignIn("reader", "reader@demo.example", "demo-reader-2026", "Demo reader")
RESEARCHER = SignIn("researcher", "researcher@demo.example", "demo-researcher", "Demo researcher")
ADJUDICATOR = SignIn("adjudicator", "adjudicator@demo.example", "demo-adjudicator", "Demo adjudicator")
SIGN_INS = (COORDINATOR, READER, RESEARCHER, ADJUDICATOR)

SIMULATED_READERS = (
    ("radiology", 4),
    ("radiology", 11),
    ("ophthalmology", 7),
    ("radiology", 23),
    ("internal medicine", 16),
)
