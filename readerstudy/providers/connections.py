"""Which providers this site can reach: read from the environment, so that keys never touch the database."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from importlib.util import find_spec

from readerstudy.providers.base import Connection

MOST_OWN_SERVERS = 9
"""The first has no number in the names of its variables, the others are 2 to 9."""

Read = Callable[[str], str]


@dataclass(frozen=True)
class Offer:
    """A provider that coordinators may choose for an arm, by its name to people and its connection."""

    label: str
    connection: Connection

    @property
    def simulated(self) -> bool:
        return self.connection.simulated


def read_connections(read: Read) -> dict[str, Offer]:
    """The offers whose key or address is set; `read` returns a variable's text or an empty string.

    An empty base address means the vendor's own public one.
    """
    offers = [*_openai(read), *_gemini(read), *_anthropic(read), *_own(read), *_simulated(read)]
    return {offer.connection.name: offer for offer in offers}


def _openai(read: Read) -> Iterator[Offer]:
    if key := read("OPENAI_API_KEY"):
        address = read("OPENAI_BASE_URL")
        yield Offer("OpenAI", Connection("openai", "openai", address, key, profile="openai"))
        yield Offer(
            "OpenAI (responses interface)", Connection("openai-responses", "openai-responses", address, key)
        )


def _gemini(read: Read) -> Iterator[Offer]:
    if key := read("GEMINI_API_KEY"):
        address = read("GEMINI_BASE_URL")
        yield Offer("Google Gemini", Connection("gemini", "gemini", address, key))
        if _has_legacy_gemini():
            yield Offer(
                "Google Gemini through google-generativeai (retired by its vendor)",
                Connection("gemini-legacy", "gemini-legacy", address, key),
            )


def _anthropic(read: Read) -> Iterator[Offer]:
    if key := read("ANTHROPIC_API_KEY"):
        yield Offer("Anthropic", Connection("anthropic", "anthropic", read("ANTHROPIC_BASE_URL"), key))


def _own(read: Read) -> Iterator[Offer]:
    """Servers of one's own: `COMPATIBLE_BASE_URL` and its fellows, then `COMPATIBLE_2_BASE_URL` and so on."""
    for number in range(1, MOST_OWN_SERVERS + 1):
        if offer := _own_server(_numbered(read, number), number):
            yield offer


def _own_server(read: Read, number: int) -> Offer | None:
    if not (address := read("COMPATIBLE_BASE_URL")):
        return None
    mark, words = ("", "") if number == 1 else (f"-{number}", f" {number}")
    key = read("COMPATIBLE_API_KEY") or "none"
    profile = read("COMPATIBLE_PROFILE") or "compatible"
    connection = Connection(f"compatible{mark}", "openai", address, key, profile=profile)
    return Offer(read("COMPATIBLE_LABEL") or f"Own server{words} (OpenAI-compatible)", connection)


def _numbered(read: Read, number: int) -> Read:
    """Reads the variable of the server with this number."""

    def read_numbered(name: str) -> str:
        return read(name if number == 1 else name.replace("_", f"_{number}_", 1))

    return read_numbered


def _simulated(read: Read) -> Iterator[Offer]:
    if address := read("SIMULATED_VENDOR_URL").rstrip("/"):
        yield from simulated_offers(address)


def simulated_offers(address: str, *, key: str = "simulated") -> Iterator[Offer]:
    """Every wire format of the simulated vendor at an address without a slash at its end."""
    formats = [
        ("simulated-openai", "OpenAI format", "openai", "/v1", "openai"),
        ("simulated-gemini", "Gemini format", "gemini", "", ""),
        ("simulated-responses", "OpenAI responses format", "openai-responses", "/v1", ""),
        ("simulated-ollama", "Ollama format", "openai", "/ollama/v1", "ollama"),
    ]
    if find_spec("anthropic"):
        formats.append(("simulated-anthropic", "Anthropic format", "anthropic", "", ""))
    if _has_legacy_gemini():
        formats.append(("simulated-gemini-legacy", "Gemini format, retired library", "gemini-legacy", "", ""))
    for name, words, adapter, path, profile in formats:
        connection = Connection(name, adapter, address + path, key, simulated=True, profile=profile)
        yield Offer(f"Simulated vendor ({words})", connection)


def _has_legacy_gemini() -> bool:
    try:
        return find_spec("google.generativeai") is not None
    except ModuleNotFoundError:
        return False
