"""One control plane, one chart, one player and one operator for all tests of the whole process."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator

import pytest

from faults import operator_worlds
from process import stages
from telemetry.prometheus import servers
from telemetry.prometheus.servers import Prometheus
from testbed import controlplanes, nodes


@pytest.fixture(scope="session")
def stage(
    control_plane_programs: None, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[stages.Stage]:
    """Six nodes in two zones, the chart, traffic for every shop that a test may open."""
    folder = tmp_path_factory.mktemp("process")
    with contextlib.ExitStack() as stack:
        plane = stack.enter_context(controlplanes.ControlPlane())
        nodes.add(plane.client, nodes.grid(len(stages.NODES), racks=2, zones=2))
        stages.prepare(plane, folder)
        exports = stack.enter_context(operator_worlds.playing(plane, folder, stages.TALKS))
        plane.client.create(operator_worlds.flow_source(exports))
        found = stages.Stage(plane, folder)
        stack.callback(found.operator.end)
        yield found
        assert "Traceback" not in found.operator.text()


@pytest.fixture
def running(stage: stages.Stage) -> stages.Stage:
    """The stage with the operator at work."""
    stage.start_operator()
    return stage


@pytest.fixture(scope="module")
def prometheus(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Prometheus]:
    """A Prometheus that scrapes often."""
    with servers.running_prometheus(tmp_path_factory.mktemp("prometheus"), "250ms") as running:
        yield running
