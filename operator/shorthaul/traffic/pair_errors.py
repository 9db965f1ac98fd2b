"""How far the rates of events between workloads may be off, from pairs of pods over windows.

Pairs of the same workloads go up and down together, so their errors cannot be added: how far each
window is off is summed over the pairs first, each with the share that the window has in its rate.
"""

from collections.abc import Callable, Sequence

import numpy as np

from shorthaul.traffic.graphs import Vertex
from shorthaul.traffic.owned_pairs import Groups, owner_numbers
from shorthaul.traffic.pair_averages import CommonPods, hidden_from, spoken_seconds
from shorthaul.traffic.pair_sums import Keys, PairSums, among
from shorthaul.traffic.pod_edges import Rates
from shorthaul.traffic.rate_errors import RateError, Shares
from shorthaul.traffic.window_averages import Ends, Told
from shorthaul.units import PodRef


def errors_by_owner(
    windows: Sequence[Told[PairSums]],
    weights: Sequence[float],
    average: PairSums,
    owner: Callable[[PodRef], Vertex],
) -> dict[Ends, RateError]:
    """The errors of rates by the owners of both ends; `average` are the pairs that count.

    Pods with themselves are left out, as they are of the map.
    """
    pairs = average.take(average.clients != average.servers)
    pods = CommonPods((pairs, *(window.sums for window in windows)))
    keys, reporters = pods.keys(pairs), (pairs.forward_nodes, pairs.backward_nodes)
    owners, numbers = owner_numbers(pairs, owner)
    groups = Groups(numbers[pairs.clients], numbers[pairs.servers])
    size = groups.added(np.ones(len(pairs)))
    rates = pairs.events.astype(np.float64) / max(1, sum(window.seconds for window in windows))
    hidden = [hidden_from(window, pairs.nodes, reporters) for window in windows]
    _, spoken = spoken_seconds(windows, weights, hidden, len(pairs))
    shares, spread, counts = Shares(len(size)), np.zeros(len(size)), np.zeros(len(size))
    for weight, window, unseen in zip(weights, windows, hidden, strict=True):
        share = weight / spoken
        if unseen is not None:
            share[unseen] = 0.0
        events = _events(window.sums, pods.keys(window.sums), keys)
        spread += groups.added(share * (events - rates * window.seconds)) ** 2
        counts += groups.added(share**2 * events)
        shares.add(groups.added(share * window.seconds) / size)
    ends = zip(*(each.tolist() for each in groups.ends), strict=True)
    return {
        (owners[client], owners[server]): error
        for (client, server), error in zip(ends, shares.errors(spread, counts), strict=True)
        if error is not None
    }


def _events(sums: PairSums, its: Keys, keys: Keys) -> Rates:
    """By the keys of pairs, the events of one window."""
    there, found = among(its, keys), np.zeros(len(keys))
    found[np.searchsorted(keys, its[there])] = sums.events[there].astype(np.float64)
    return found
