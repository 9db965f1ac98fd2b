"""An exporter of its own process: shows the series that it is told of, one JSON list a line."""

import json
import sys

from prometheus_client import CollectorRegistry, start_http_server
from prometheus_client.core import Metric


class Told:
    """What was told last: (metric, type, labels, value) of each series."""

    def __init__(self):
        self.series = []

    def collect(self):
        families = {}
        for name, kind, labels, value in self.series:
            family = families.setdefault(name, Metric(name, "as told", kind))
            family.add_sample(name, labels, value)
        yield from families.values()


def main():
    told = Told()
    registry = CollectorRegistry()
    registry.register(told)
    start_http_server(int(sys.argv[1]), addr="127.0.0.1", registry=registry)
    print("ready", flush=True)
    for line in sys.stdin:
        told.series = [(*row[:3], float(row[3])) for row in json.loads(line)]
        print("told", flush=True)


if __name__ == "__main__":
    main()
