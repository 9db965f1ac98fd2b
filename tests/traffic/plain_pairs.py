"""What is done with pairs of pods in columns, done pair by pair: slow, obvious, and the same."""

import math

from shorthaul.traffic.pair_sums import PairSum

UNNAMED = frozenset({""})


def counted(flows, limit):
    """The sums of flows in the order of coming, and the events that found no room."""
    sums, surplus = {}, 0
    for flow in flows:
        pair = flow.client, flow.server
        if pair not in sums and len(sums) >= limit:
            surplus += flow.events
            continue
        side = sums.setdefault(pair, ({}, {}))[flow.reply]
        side[flow.observer] = side.get(flow.observer, 0) + flow.events
    return [pair_sum(pair, *sums[pair]) for pair in sorted(sums)], surplus


def pair_sum(pair, forward, backward):
    events = sum(forward.values()), sum(backward.values())
    return PairSum(*pair, *events, frozenset(forward), frozenset(backward))


def observers(each):
    return each.forward_observers | each.backward_observers


def reporters(windows):
    found = {}
    for window in windows:
        for each in window.sums:
            sides = found.setdefault((each.client, each.server), (set(), set()))
            sides[0].update(each.forward_observers)
            sides[1].update(each.backward_observers)
    return found


def averages(windows, weights):
    seconds = float(sum(window.seconds for window in windows))
    whole = math.fsum(w * window.seconds for w, window in zip(weights, windows, strict=True))
    seen, found = reporters(windows), []
    for pair in sorted(seen):
        forward, backward, spoken = 0.0, 0.0, whole
        for weight, window in zip(weights, windows, strict=True):
            if seen[pair][0] & window.blind or seen[pair][1] & window.blind:
                spoken -= weight * window.seconds
                continue
            for each in window.sums:
                if (each.client, each.server) == pair:
                    forward += weight * each.forward
                    backward += weight * each.backward
        if spoken > 1e-9 * whole:
            rates = forward * seconds / spoken, backward * seconds / spoken
            found.append(PairSum(*pair, *rates, *map(frozenset, seen[pair])))
    return found


def fresh(found, newest, owner):
    seen = {(each.client, each.server) for window in newest for each in window.sums}
    talking = {(owner(client), owner(server)) for client, server in seen}
    return [
        any(not observers(each) & window.blind for window in newest)
        and (
            (each.client, each.server) in seen
            or (owner(each.client), owner(each.server)) in talking
        )
        for each in found
    ]


def both_ended(pairs, directory):
    seen_on = {}
    for each in pairs:
        seen_on.setdefault(each.server, set()).update(each.forward_observers - UNNAMED)
        seen_on.setdefault(each.client, set()).update(each.backward_observers - UNNAMED)

    def nodes(pod):
        identity = directory.pods.get(pod) if directory else None
        return {identity.node} if identity and identity.node else seen_on[pod]

    def told(each):
        clients, servers = nodes(each.client), nodes(each.server)
        if shared := clients & servers:
            return bool(shared & observers(each))
        return bool(servers & each.forward_observers and clients & each.backward_observers)

    return [told(each) for each in pairs]


def by_owner(pairs, owner):
    found = {}
    for each in pairs:
        ends = owner(each.client), owner(each.server)
        found[ends] = found.get(ends, 0) + each.events
    return found
