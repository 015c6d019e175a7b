"""The images that were sent last are kept in memory, up to a bound in bytes."""

from __future__ import annotations

from readerstudy.cases.pixels import Recent


def test_what_was_read_is_not_read_again_until_others_took_its_room() -> None:
    read: list[str] = []

    def content(name: str) -> bytes:
        read.append(name)
        return name.encode() * 4

    recent = Recent(most=10)
    assert [recent.get(name, content) for name in "aababcacab"] == [
        name.encode() * 4 for name in "aababcacab"
    ]
    assert read == ["a", "b", "c", "a", "b"], "the one that was not asked for the longest made room"


def test_what_is_larger_than_the_bound_is_not_kept() -> None:
    recent = Recent(most=3)
    assert recent.get("large", lambda name: name.encode()) == b"large"
    assert recent.get("large", lambda _name: b"again") == b"again"
