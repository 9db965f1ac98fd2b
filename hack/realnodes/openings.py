"""The cluster that a command works on: one of its own, or the one that is up."""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from contextlib import contextmanager

from realnodes import clusters, leftovers
from testbed import progress


@contextmanager
def fresh(arguments: argparse.Namespace) -> Iterator[clusters.Cluster]:
    """Make a cluster as asked for, taken down afterwards; its logs are kept on failure."""
    with clusters.up(
        nodes=arguments.nodes,
        racks=arguments.racks,
        cni=arguments.cni,
        name=arguments.name,
        install=arguments.install,
    ) as cluster:
        try:
            yield cluster
        except BaseException:
            progress.say(f"logs: {leftovers.keep_logs(cluster.layout)}")
            raise


@contextmanager
def running_or_fresh(arguments: argparse.Namespace) -> Iterator[clusters.Cluster]:
    """Take the cluster of that name if it is up, and leave it up; else make one."""
    if leftovers.is_running(arguments.name):
        yield clusters.attached(arguments.name)
        return
    with fresh(arguments) as cluster:
        yield cluster
