"""Which providers this site can reach: read from the environment, so that keys never touch the database."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

OPENAI_ADDRESS = "https://api.openai.com/v1"
GEMINI_ADDRESS = "https://generativelanguage.googleapis.com"


@dataclass(frozen=True)
class Offer:
    """A provider that coordinators may choose for an arm."""

    name: str
    label: str
    adapter: str
    base_url: str
    api_key: str = field(repr=False)
    simulated: bool = False


def read_connections(read: Callable[[str], str]) -> dict[str, Offer]:
    """The offers whose key or address is set; `read` returns a variable's text or an empty string."""
    offers = [*_hosted(read), *_local(read), *_simulated(read)]
    return {offer.name: offer for offer in offers}


def _hosted(read: Callable[[str], str]) -> list[Offer]:
    offers = []
    if key := read("OPENAI_API_KEY"):
        address = read("OPENAI_BASE_URL") or OPENAI_ADDRESS
        offers.append(Offer("openai", "OpenAI", "openai", address, key))
    if key := read("GEMINI_API_KEY"):
        address = read("GEMINI_BASE_URL") or GEMINI_ADDRESS
        offers.append(Offer("gemini", "Google Gemini", "gemini", address, key))
    return offers


def _local(read: Callable[[str], str]) -> list[Offer]:
    if not (address := read("COMPATIBLE_BASE_URL")):
        return []
    label = read("COMPATIBLE_LABEL") or "Own server (OpenAI-compatible)"
    return [Offer("compatible", label, "compatible", address, read("COMPATIBLE_API_KEY") or "none")]


def _simulated(read: Callable[[str], str]) -> list[Offer]:
    if not (address := read("SIMULATED_VENDOR_URL")):
        return []
    address = address.rstrip("/")
    return [
        Offer("simulated-openai", "Simulated vendor (OpenAI format)", "openai", f"{address}/v1", "simulated", True),
        Offer("simulated-gemini", "Simulated vendor (Gemini format)", "gemini", address, "simulated", True),
    ]
