"""Edge colourings of a bipartite graph in which the colours are even at each end.

Each end with more edges than colours is split into ends of at most as many edges as colours; the graph of these has a
proper colouring with that many colours (Kőnig 1916), found by alternating chains. All colours then occur equally often
at an end, but for the last of its parts.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence

Edge = tuple[int, str]
End = tuple[str, int | str, int]


def equitable_colours(edges: Sequence[Edge], colours: int) -> dict[Edge, int]:
    """A colour from `range(colours)` for each edge; at each end two colours differ by at most one in number."""
    seen: defaultdict[tuple[str, int | str], int] = defaultdict(int)
    at: defaultdict[End, dict[int, tuple[End, Edge]]] = defaultdict(dict)
    for edge in edges:
        left, right = _part("reader", edge[0], seen, colours), _part("case", edge[1], seen, colours)
        _colour(left, right, edge, at, colours)
    return {edge: colour for taken in at.values() for colour, (_end, edge) in taken.items()}


def _part(side: str, end: int | str, seen: defaultdict[tuple[str, int | str], int], colours: int) -> End:
    number = seen[side, end] // colours
    seen[side, end] += 1
    return side, end, number


def _colour(
    left: End, right: End, edge: Edge, at: defaultdict[End, dict[int, tuple[End, Edge]]], colours: int
) -> None:
    free_left = next(colour for colour in range(colours) if colour not in at[left])
    free_right = next(colour for colour in range(colours) if colour not in at[right])
    if free_left in at[right]:
        _swap_chain(right, free_left, free_right, at)
    at[left][free_left] = (right, edge)
    at[right][free_left] = (left, edge)


def _swap_chain(start: End, one: int, other: int, at: defaultdict[End, dict[int, tuple[End, Edge]]]) -> None:
    """Exchanges two colours along the chain that begins at `start` with `one`, so that `one` is free there."""
    chain, here, colour = [], start, one
    while colour in at[here]:
        there, edge = at[here][colour]
        chain.append((here, there, edge, colour))
        here, colour = there, other if colour == one else one
    for here, there, _edge, colour in chain:
        del at[here][colour], at[there][colour]
    for here, there, edge, colour in chain:
        swapped = other if colour == one else one
        at[here][swapped] = (there, edge)
        at[there][swapped] = (here, edge)
