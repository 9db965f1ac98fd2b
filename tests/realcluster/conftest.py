"""One real cluster for the tests that only look at it; those that break things make their own."""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest

import built_programs
from realnodes import bringups, clusters, needs


@pytest.fixture(scope="session")
def real_nodes_possible(request: pytest.FixtureRequest) -> None:
    """Get the programs, or skip with the reason why real nodes cannot run here."""
    try:
        needs.check("ptp")
    except needs.Missing as error:
        pytest.skip(str(error))
    built_programs.get(
        bringups.programs_for("ptp"), request, "no real nodes: no Go to build their programs"
    )


@pytest.fixture(scope="session")
def cluster(real_nodes_possible: None) -> Iterator[clusters.Cluster]:
    """Return a cluster of two nodes in two racks."""
    with clusters.up(nodes=2, racks=2, name=f"t{os.getpid()}") as running:
        yield running
