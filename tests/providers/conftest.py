"""A simulated vendor for the tests of this room."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from readerstudy.providers import simulated
from readerstudy.providers.simulated import SimulatedVendor
from tests.providers.wire import KEY


@pytest.fixture(scope="session")
def running_vendor() -> Iterator[SimulatedVendor]:
    """One vendor for all tests; it accepts one key."""
    with simulated.start(key=KEY, refusal_rate=0, hedge_rate=0, drip=0.02, slow=0.05) as vendor:
        yield vendor


@pytest.fixture
def vendor(running_vendor: SimulatedVendor) -> Iterator[SimulatedVendor]:
    """That vendor with its counters at zero, and the settings of a test undone after it."""
    running_vendor.reset()
    yield running_vendor
    running_vendor.configure(
        latency=0,
        latency_jitter=0,
        refusal_rate=0,
        hedge_rate=0,
        requests_per_minute=0,
        rate_500=0,
        rate_429=0,
        build="1",
        drift_after=0,
        max_concurrency=0,
        no_sampling="",
        batch_delay=0,
        batch_expires_after=0,
    )
