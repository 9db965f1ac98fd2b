"""Flows in tables beside flows one by one: the same windows and counts, whatever else comes."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from shorthaul.traffic.flow_tables import Flows, FlowTable, Patterns
from shorthaul.traffic.flows import Flow
from shorthaul.traffic.recorders import Recorder
from shorthaul.traffic.windows import WindowRules
from shorthaul.units import NodeName, PodRef

START = 1_000_000
RULES = WindowRules(
    window_seconds=10, lateness_seconds=5, lead_seconds=2, kept_windows=3, pair_limit=4
)
pods = st.builds(PodRef, st.sampled_from(("a", "b")), st.sampled_from(("x", "y", "z")))
flows = st.builds(
    Flow,
    pods,
    pods,
    st.booleans(),
    st.sampled_from((1, 2, 2**32 - 1, 2**32, 2**64 - 1)) | st.integers(1, 9),
    st.integers((START - 60) * 10**9, (START + 60) * 10**9),
    st.sampled_from(("n1", "n2", "")).map(NodeName),
    st.sampled_from(("", "far")),
    st.text(max_size=2),
)


def table(each, patterns=None):
    """A table of flows; equal pods may be several objects, as they are after a restart."""
    patterns = Patterns() if patterns is None else patterns
    numbers = [patterns.add(flow) for flow in each]
    keys = [flow.key for flow in each]
    return FlowTable(
        patterns,
        np.array(numbers, np.int32),
        np.array([flow.time_nanoseconds for flow in each], np.int64),
        np.array([flow.events for flow in each], np.uint64),
        keys.__getitem__,
    )


def state(recorder):
    counts = recorder.late_events, recorder.early_events, recorder.partial_events
    return counts, list(recorder.windows)


@given(st.lists(flows))
def test_a_table_is_its_flows(each):
    made = table(each)

    assert list(made) == each
    assert len(made) == len(each)
    assert all(flow in made for flow in each)
    assert list(Flows((made, tuple(each)))) == each + each
    assert made.newest == max((flow.time_nanoseconds for flow in each), default=0)


@given(
    st.lists(
        st.tuples(st.sampled_from(("plain", "own", "shared")), st.lists(flows), st.integers(0, 9)),
        max_size=8,
    )
)
def test_tables_fill_windows_as_their_flows_do(steps):
    plain, quick = Recorder(RULES, START - 50), Recorder(RULES, START - 50)
    shared, now = Patterns(), float(START - 30)
    for kind, each, later in steps:
        for flow in each:
            plain.add(flow, now)
        tables = table(each, shared if kind == "shared" else None)
        quick.add_all(Flows((tuple(each) if kind == "plain" else tables,)), now)
        now += later
        assert plain.close(now) == quick.close(now)

    assert plain.close(START + 100) == quick.close(START + 100)
    assert state(plain) == state(quick)
