"""The real Prometheus that the tests of this folder ask."""

import pytest

from telemetry.prometheus.servers import running_prometheus


@pytest.fixture(scope="module")
def prometheus(tmp_path_factory):
    """A Prometheus with two exporters that show nothing yet."""
    with running_prometheus(tmp_path_factory.mktemp("prometheus")) as running:
        yield running
