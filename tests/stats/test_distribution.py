"""Counts behind a stacked figure."""

import json

import pytest

from readerstudy.stats.distribution import distribution, distributions
from readerstudy.stats.ratings import read_ratings
from readerstudy.stats.scale import Kind


def test_every_declared_category_is_counted_used_or_not() -> None:
    ratings = read_ratings([[1, 5], [5, None], [2, 5]], categories=range(1, 6), kind=Kind.ORDINAL)
    found = distribution(ratings, arm="A")
    assert found.counts == (1, 1, 0, 0, 3)
    assert found.shares == pytest.approx((0.2, 0.2, 0, 0, 0.6))
    assert (found.n, found.n_missing) == (5, 1)
    assert json.loads(json.dumps(found.as_dict()))["categories"] == [1, 2, 3, 4, 5]


def test_refused_readings_are_not_missing_ones() -> None:
    ratings = read_ratings([[1, 2], [None, None], [2, None]], categories=[1, 2])
    found = distribution(ratings, n_refused=2)
    assert (found.n, found.n_missing, found.n_refused) == (3, 1, 2)


def test_nothing_rated_has_no_shares() -> None:
    assert distribution(read_ratings([[None]], categories=[1, 2])).shares is None


def test_arms_keep_their_order() -> None:
    ratings = read_ratings([[1]], categories=[1, 2])
    assert [found.arm for found in distributions({"B": ratings, "A": ratings})] == ["B", "A"]
