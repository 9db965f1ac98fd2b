"""A traffic map straight from windows, as a live source of events makes it."""

from shorthaul.traffic.attribution import attribute
from shorthaul.traffic.windows import observations_of


def graph_of(windows, rules, directory, workloads=None):
    return attribute(observations_of(windows, rules, directory, workloads), directory)
