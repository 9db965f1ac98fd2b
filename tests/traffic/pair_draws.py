"""Pods, nodes and pairs of pods as properties draw them: few of each, so that they meet."""

from hypothesis import strategies as st

from shorthaul.traffic.flows import Flow
from shorthaul.traffic.identities import Directory, PodIdentity
from shorthaul.traffic.pair_sums import PairSum, pair_sums
from shorthaul.traffic.window_averages import Told
from shorthaul.units import NodeName, PodRef, WorkloadRef

LARGE = (2**32 - 1, 2**32, 2**62, 2**64 - 1)
pods = st.builds(PodRef, st.sampled_from(("a", "b")), st.sampled_from(("x-1", "x-2", "y-1", "z")))
nodes = st.sampled_from(("n1", "n2", "n3", "")).map(NodeName)
seen = st.frozensets(nodes, max_size=2)
amounts = st.integers(0, 9) | st.sampled_from(LARGE)
flows = st.builds(Flow, pods, pods, st.booleans(), amounts, st.just(0), nodes)
sums = st.builds(PairSum, pods, pods, amounts, amounts, seen, seen)
columns = st.lists(sums, max_size=8, unique_by=lambda each: (each.client, each.server)).map(
    pair_sums
)
told = st.builds(Told, st.integers(1, 60), st.frozensets(nodes, max_size=1), columns)


def workload(pod):
    return WorkloadRef(pod.namespace, "Deployment", pod.name.split("-")[0])


directories = st.none() | st.dictionaries(pods, st.none() | nodes.filter(bool)).map(
    lambda on: Directory({pod: PodIdentity(workload(pod), node) for pod, node in on.items()})
)
