"""The pieces that balance rests on: Williams sequences, blocks and colours."""

from __future__ import annotations

from collections import Counter
from itertools import combinations, pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from readerstudy.designs.blocks import balanced_blocks
from readerstudy.designs.colouring import equitable_colours
from readerstudy.designs.comparisons import williams
from readerstudy.designs.plan import PlanError


@pytest.mark.parametrize("arms", range(1, 12))
def test_williams_sequences_balance_place_and_predecessor(arms: int) -> None:
    sequences = williams(arms)
    places = Counter((place, arm) for sequence in sequences for place, arm in enumerate(sequence))
    follows = Counter(pair for sequence in sequences for pair in pairwise(sequence))
    assert set(places.values()) == {len(sequences) // arms}
    assert set(follows.values()) <= {1 if arms % 2 == 0 else 2}
    assert len(follows) == arms * (arms - 1)


@pytest.mark.parametrize(
    ("treatments", "size", "least"),
    [(4, 2, 6), (5, 3, 10), (6, 2, 15), (6, 3, 20), (7, 3, 7), (13, 4, 13), (9, 8, 9)],
)
def test_every_two_readers_meet_equally_often(treatments: int, size: int, least: int) -> None:
    blocks = balanced_blocks(treatments, size, 2 * least)
    met = Counter(pair for block in blocks for pair in combinations(block, 2))
    assert len(blocks) == 2 * least
    assert len(set(met.values())) == 1
    assert len(met) == treatments * (treatments - 1) // 2
    assert {len(set(block)) for block in blocks} == {size}


def test_numbers_that_work_are_named() -> None:
    with pytest.raises(PlanError, match="nearby: 7, 14"):
        balanced_blocks(7, 3, 10)


@given(
    st.sets(st.tuples(st.integers(1, 8), st.sampled_from("abcdefghij")), min_size=1, max_size=60),
    st.integers(1, 6),
)
def test_colours_are_even_at_each_end(edges: set[tuple[int, str]], colours: int) -> None:
    found = equitable_colours(sorted(edges), colours)
    assert found.keys() == edges
    for side in (0, 1):
        for end in {edge[side] for edge in edges}:
            counts = Counter(colour for edge, colour in found.items() if edge[side] == end)
            values = [counts[colour] for colour in range(colours)]
            assert max(values) - min(values) <= 1
