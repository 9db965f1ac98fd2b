"""The real Prometheus that the tests of this folder ask."""

import pytest

from telemetry.prometheus.servers import Prometheus
from testbed import debian


@pytest.fixture(scope="module")
def prometheus(tmp_path_factory):
    """A Prometheus with two exporters that show nothing yet."""
    try:
        program = debian.programs(("prometheus",), ("prometheus",)).path("prometheus")
    except debian.Unavailable as error:
        pytest.skip(str(error))
    with Prometheus(program, tmp_path_factory.mktemp("prometheus")) as running:
        yield running
