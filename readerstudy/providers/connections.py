"""Which providers this site can reach: read from the environment, so that keys never touch the database."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from readerstudy.providers.base import Connection


@dataclass(frozen=True)
class Offer:
    """A provider that coordinators may choose for an arm, by its name to people and its connection."""

    label: str
    connection: Connection

    @property
    def simulated(self) -> bool:
        return self.connection.simulated


def read_connections(read: Callable[[str], str]) -> dict[str, Offer]:
    """The offers whose key or address is set; `read` returns a variable's text or an empty string.

    An empty base address means the vendor's own public one.
    """
    offers = [*_hosted(read), *_local(read), *_simulated(read)]
    return {offer.connection.name: offer for offer in offers}


def _hosted(read: Callable[[str], str]) -> list[Offer]:
    offers = []
    if key := read("OPENAI_API_KEY"):
        offers.append(Offer("OpenAI", Connection("openai", "openai", read("OPENAI_BASE_URL"), key)))
    if key := read("GEMINI_API_KEY"):
        offers.append(Offer("Google Gemini", Connection("gemini", "gemini", read("GEMINI_BASE_URL"), key)))
    return offers


def _local(read: Callable[[str], str]) -> list[Offer]:
    if not (address := read("COMPATIBLE_BASE_URL")):
        return []
    key = read("COMPATIBLE_API_KEY") or "none"
    connection = Connection("compatible", "openai", address, key, profile="compatible")
    return [Offer(read("COMPATIBLE_LABEL") or "Own server (OpenAI-compatible)", connection)]


def _simulated(read: Callable[[str], str]) -> list[Offer]:
    if not (address := read("SIMULATED_VENDOR_URL").rstrip("/")):
        return []
    openai = Connection(
        "simulated-openai", "openai", f"{address}/v1", "simulated", simulated=True, profile="openai"
    )
    gemini = Connection("simulated-gemini", "gemini", address, "simulated", simulated=True)
    return [
        Offer("Simulated vendor (OpenAI format)", openai),
        Offer("Simulated vendor (Gemini format)", gemini),
    ]
