"""Fixtures for tests on the real control plane; tests/conftest.py loads them.

One control plane serves the whole session, because bringing it up costs seconds; each test that
wants quiet takes its own namespace. Tests that break things start their own control plane.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterator

import pytest

import built_programs
from testbed import binaries, components, controlplanes


@pytest.fixture(scope="session")
def control_plane(
    control_plane_programs: None,
) -> Iterator[controlplanes.ControlPlane]:
    """Return a running control plane without nodes, shared by all tests of the session."""
    with controlplanes.ControlPlane() as running:
        yield running


@pytest.fixture(scope="session")
def control_plane_programs(request: pytest.FixtureRequest) -> None:
    """Get the programs, showing progress past pytest's capture, or skip where that is hopeless."""
    built_programs.get(
        components.START_ORDER,
        request,
        "no control plane: neither its programs nor a Go to build them are here "
        f"(set {binaries.ASSETS_VARIABLE}, or install Go and run `hack/controlplane build`)",
    )


@pytest.fixture
def namespace(control_plane: controlplanes.ControlPlane) -> Iterator[str]:
    """Return the name of a fresh namespace that pods can be made in; it is deleted afterwards."""
    client = control_plane.client
    name = f"test-{uuid.uuid4().hex[:8]}"
    client.create({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}})
    client.wait_for(
        lambda: client.exists("serviceaccounts", "default", name),
        what=f"the default ServiceAccount of {name}",
    )
    yield name
    client.delete("namespaces", name)
