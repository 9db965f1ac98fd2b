"""The control plane of the fault tests, with the chart in it: their own, since they break it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from faultproxy import proxies
from faults import fault_worlds
from testbed import controlplanes


@pytest.fixture(scope="session")
def fault_plane(
    control_plane_programs: None, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[controlplanes.ControlPlane]:
    """A control plane with four nodes and the chart."""
    with controlplanes.ControlPlane() as plane:
        fault_worlds.add_nodes(plane)
        fault_worlds.install_chart(plane, tmp_path_factory.mktemp("helm"))
        yield plane


@pytest.fixture(scope="session")
def session_proxy(fault_plane: controlplanes.ControlPlane) -> Iterator[proxies.FaultProxy]:
    with proxies.FaultProxy(fault_plane.server, fault_plane.authority) as running:
        yield running


@pytest.fixture
def proxy(session_proxy: proxies.FaultProxy) -> Iterator[proxies.FaultProxy]:
    """A proxy to that control plane that has no fault yet."""
    session_proxy.reset()
    yield session_proxy
    session_proxy.reset()


@pytest.fixture
def log(tmp_path: Path) -> Path:
    return tmp_path / "child.log"
