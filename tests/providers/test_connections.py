"""Which providers a site offers, from its environment alone."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from readerstudy.providers import ADAPTERS, connections
from readerstudy.providers.connections import Offer, read_connections
from readerstudy.providers.profiles import PROFILES


def offered(variables: Mapping[str, str]) -> dict[str, Offer]:
    return read_connections(lambda name: variables.get(name, ""))


def test_nothing_set_offers_nothing() -> None:
    assert offered({}) == {}


def test_each_key_offers_every_interface_that_it_opens() -> None:
    keys = {"OPENAI_API_KEY": "a", "GEMINI_API_KEY": "b", "ANTHROPIC_API_KEY": "c"}
    found = offered(keys)
    assert {name: (offer.connection.adapter, offer.connection.api_key) for name, offer in found.items()} == {
        "openai": ("openai", "a"),
        "openai-responses": ("openai-responses", "a"),
        "gemini": ("gemini", "b"),
        "gemini-legacy": ("gemini-legacy", "b"),
        "anthropic": ("anthropic", "c"),
    }
    assert not any(offer.simulated for offer in found.values())
    assert "retired by its vendor" in found["gemini-legacy"].label
    assert found["openai"].connection.profile == "openai"


def test_the_retired_library_is_offered_only_where_it_is_installed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connections, "_has_legacy_gemini", lambda: False)
    assert set(offered({"GEMINI_API_KEY": "b"})) == {"gemini"}
    assert "simulated-gemini-legacy" not in offered({"SIMULATED_VENDOR_URL": "http://127.0.0.1:1"})


def test_an_address_of_ones_own_goes_with_each_key() -> None:
    variables = {
        f"{vendor}_{what}": f"{what}-{vendor}"
        for vendor in ("OPENAI", "GEMINI", "ANTHROPIC")
        for what in ("API_KEY", "BASE_URL")
    }
    assert {offer.connection.base_url for offer in offered(variables).values()} == {
        "BASE_URL-OPENAI",
        "BASE_URL-GEMINI",
        "BASE_URL-ANTHROPIC",
    }


def test_several_servers_of_ones_own_have_their_own_keys_names_and_profiles() -> None:
    found = offered(
        {
            "COMPATIBLE_BASE_URL": "http://127.0.0.1:8001/v1",
            "COMPATIBLE_2_BASE_URL": "http://127.0.0.1:11434/v1",
            "COMPATIBLE_2_PROFILE": "ollama",
            "COMPATIBLE_2_LABEL": "Ward server",
            "COMPATIBLE_9_BASE_URL": "http://127.0.0.1:8009/v1",
            "COMPATIBLE_9_API_KEY": "k",
            "COMPATIBLE_9_PROFILE": "vllm",
        }
    )
    shown = {
        name: (offer.label, offer.connection.profile, offer.connection.api_key)
        for name, offer in found.items()
    }
    assert shown == {
        "compatible": ("Own server (OpenAI-compatible)", "compatible", "none"),
        "compatible-2": ("Ward server", "ollama", "none"),
        "compatible-9": ("Own server 9 (OpenAI-compatible)", "vllm", "k"),
    }
    assert {offer.connection.profile for offer in found.values()} <= set(PROFILES)


def test_the_simulated_vendor_offers_every_wire_format_and_says_that_it_is_simulated() -> None:
    found = offered({"SIMULATED_VENDOR_URL": "http://127.0.0.1:1/"})
    assert {offer.connection.adapter for offer in found.values()} == set(ADAPTERS) - {"replay"}
    assert all(offer.simulated and "Simulated" in offer.label for offer in found.values())
    assert all(len(name) <= 40 for name in found)
