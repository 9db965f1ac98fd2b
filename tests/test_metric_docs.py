"""Every metric that the operator or a collector has is in the manual, by its name."""

import re
from pathlib import Path

from prometheus_client.metrics import MetricWrapperBase

from shorthaul import metrics
from shorthaul.telemetry.collectors import expositions
from shorthaul.telemetry.collectors.settings import SpoolRules
from shorthaul.telemetry.collectors.spools import Spool

MANUAL = Path(__file__).parents[1] / "docs" / "prometheus.md"


def _names(collected):
    """Names as they are scraped: a counter's ends with _total."""
    return {each.name + "_total" * (each.type == "counter") for each in collected}


def _documented():
    return set(re.findall(r"`(shorthaul_[a-z0-9_]+)`", MANUAL.read_text()))


def test_the_operators_metrics_are_in_the_manual_and_no_others():
    own = [each for each in vars(metrics).values() if isinstance(each, MetricWrapperBase)]
    found = _names(family for each in own for family in each.collect())
    told = {name for name in _documented() if not name.startswith("shorthaul_netflow_")}

    assert found == told


def test_a_collectors_metrics_are_in_the_manual_and_no_others(tmp_path):
    exposition = expositions.CollectorExposition()
    exposition.latest = expositions.Snapshot(dropped=0)
    with Spool(str(tmp_path), SpoolRules()) as spool:
        exposition.spool = spool
        found = _names(exposition.collect())

    assert found == {name for name in _documented() if name.startswith("shorthaul_netflow_")}
