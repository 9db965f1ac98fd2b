"""What is added up stays a number, whatever a server says."""

import pytest

from shorthaul.telemetry.prometheus.answers import LARGE, Answer
from shorthaul.telemetry.prometheus.ends import Names
from shorthaul.telemetry.prometheus.measurements import Adding
from shorthaul.telemetry.prometheus.profiles import builtin
from shorthaul.telemetry.prometheus.window_volumes import volume_of
from telemetry.prometheus.metric_shapes import DIRECTORY, obi

OBI = builtin().profile("obi")
LABELS = obi(
    k8s_src_namespace="shop",
    k8s_src_name="web-7d4b9c6f5-abcde",
    k8s_dst_namespace="store",
    k8s_dst_name="db-0",
)


@pytest.mark.parametrize("amount", [2.0**63, 1.7e308])
def test_an_amount_that_the_sampling_makes_absurd_is_refused_and_counted(amount):
    adding = Adding(OBI, Names(DIRECTORY, OBI.nobody), 50.0)

    adding.add(Answer(((LABELS, amount), (LABELS, amount), (LABELS, 7.0)), {}))
    found = adding.measurement(seconds=10, asked_seconds=10, queries=1)
    volume = volume_of(found, 0, DIRECTORY, complete=True)

    assert found.amount == volume.billed_bytes == 350
    assert found.refused == {LARGE: 2}
    assert [(left.reason, left.records) for left in volume.leftovers] == [(LARGE, 2)]
