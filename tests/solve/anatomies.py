"""A kernel state as values that can be compared, whatever order its lists are in."""

from collections import Counter

from shorthaul.solve.engine import Engine
from shorthaul.solve.kernels import layouts as at


def anatomy(engine):
    """All that a state counts, node by node and row by row; checks that its indices agree."""
    state = engine.state
    plain = ("free", "loose", "wide", "counts", "start", "tallied", "lifted", "newcomers")
    found = {name: getattr(state, name).tolist() for name in plain}
    found["held"] = state.held.tolist()
    found["hosts"] = _hosts(engine)
    found["pods"] = [_chain(engine, node) for node in range(len(state.head))]
    found["cost"], found["moved"] = engine.cost, engine.moved
    found["open"] = (int(state.now[at.LOGGED]), int(state.now[at.QUEUED]))
    return found


def anew(engine):
    """The anatomy of a state that goes to the same placement from the start in one step."""
    other = Engine(engine.problem, 0)
    other.go_to(engine.places())
    return anatomy(other)


def _hosts(engine):
    state, found = engine.state, {}
    for row, (offset, dense) in enumerate(engine.model.row.tolist()):
        for place in range(int(state.held[row, at.LENGTH])):
            node, *rest = state.host[offset + place].tolist()
            assert dense < 0 or state.dense[dense + node] == place + 1
            found[row, node] = rest
    return found


def _chain(engine, node):
    state, found, before = engine.state, Counter(), -1
    pod = int(state.head[node])
    while pod >= 0:
        assert state.place[pod] == node
        assert state.chain[pod, 1] == before
        found[int(engine.model.group_of[pod])] += 1
        before, pod = pod, int(state.chain[pod, 0])
    return found
