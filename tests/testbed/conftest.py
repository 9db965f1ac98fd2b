"""Nodes for the tests of the test bed."""

from __future__ import annotations

import pytest

from testbed import controlplanes, nodes


@pytest.fixture(scope="session")
def two_racks(control_plane: controlplanes.ControlPlane) -> list[str]:
    """Return the names of four ready nodes in two racks of one zone, made once."""
    grid = nodes.grid(4, prefix="testbed")
    nodes.add(control_plane.client, grid)
    return [node["metadata"]["name"] for node in grid]
