"""The command line of the real cluster: one cluster per name, which stays up between commands."""

from __future__ import annotations

import argparse
import subprocess
import sys
import time

from realnodes import (
    bringups,
    clusters,
    fabrics,
    layouts,
    leftovers,
    namespaces,
    needs,
    openings,
    shells,
    smokes,
)
from realshop import commands as shop
from realshop.disturbances import commands as disturbances
from testbed import binaries, connections, nodes, processes, progress
from testbed import clients as testbed_clients

ERRORS = (
    *(needs.Missing, clusters.NotUp, bringups.NotReady, shells.Failed, binaries.Unavailable),
    *(connections.ApiError, connections.Unreachable, testbed_clients.TimedOut, smokes.Failed),
    *(OSError, ValueError),
    *shop.ERRORS,
    *disturbances.ERRORS,
)


SMOKE_NAME = "smoke"


def main() -> int:
    """Run one command; errors are one line on standard error."""
    parser = _parser()
    arguments, options = parser.parse_known_args()
    if options and arguments.run is not _kubectl:
        parser.error(f"unrecognized arguments: {' '.join(options)}")
    arguments.options = options
    try:
        return int(arguments.run(arguments))
    except ERRORS as error:
        print(f"realcluster: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("realcluster: interrupted", file=sys.stderr)
        return 130


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="realcluster",
        description="A real Kubernetes cluster of several nodes on this machine, without Docker: "
        "kubelets, containers and links between racks. Needs root.",
    )
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    up = commands.add_parser("up", help="bring the cluster up and leave it running")
    _add_shape_of_cluster(up)
    _add_bandwidth(up)
    up.set_defaults(run=_up)
    status = commands.add_parser("status", help="tell what runs, and what the links carried")
    status.set_defaults(run=_status)
    shape = commands.add_parser("shape", help="make the links between racks narrow, or wide again")
    _add_bandwidth(shape, required=True)
    shape.set_defaults(run=_shape)
    kubectl = commands.add_parser(
        "kubectl", help="run kubectl where the API server is", allow_abbrev=False
    )
    kubectl.add_argument("rest", nargs=argparse.REMAINDER, metavar="ARGUMENTS")
    kubectl.set_defaults(run=_kubectl)
    smoke = commands.add_parser("smoke", help="up, real traffic over narrow links, a move, down")
    _add_shape_of_cluster(smoke)
    smoke.set_defaults(run=_smoke)
    down = commands.add_parser("down", help="end it and leave nothing, also after a kill")
    down.set_defaults(run=_down)
    shop.add(commands)
    disturbances.add(commands)
    for command in (up, status, shape, kubectl, down):
        command.add_argument("--name", default=clusters.DEFAULT_NAME, help="which cluster")
    smoke.add_argument("--name", default=SMOKE_NAME, help="which cluster")
    return parser


def _add_shape_of_cluster(command: argparse.ArgumentParser) -> None:
    command.add_argument("--nodes", type=int, default=clusters.DEFAULT_NODES, metavar="N")
    command.add_argument("--racks", type=int, default=clusters.DEFAULT_RACKS, metavar="N")
    command.add_argument("--cni", choices=layouts.CNIS, default=layouts.CNIS[0])
    command.add_argument(
        "--install", action="store_true", help="unpack missing Debian packages into the cache"
    )


def _add_bandwidth(command: argparse.ArgumentParser, *, required: bool = False) -> None:
    command.add_argument(
        *("--bandwidth",),
        required=required,
        default="off",
        metavar="RATE",
        help="of each rack's uplink, each way: 10mbit, 1gbit, or off for no limit",
    )


def _rate(arguments: argparse.Namespace) -> str | None:
    return None if arguments.bandwidth == "off" else str(arguments.bandwidth)


def _up(arguments: argparse.Namespace) -> int:
    started = time.monotonic()
    cluster = clusters.up(
        nodes=arguments.nodes,
        racks=arguments.racks,
        cni=arguments.cni,
        bandwidth=_rate(arguments),
        name=arguments.name,
        install=arguments.install,
    )
    layout = cluster.layout
    progress.say(
        f"Kubernetes {layout.kubernetes}, {layout.node_count} nodes in {layout.rack_count} racks, "
        f"{layout.cni}: up in {time.monotonic() - started:.1f} s"
    )
    print(f"export KUBECONFIG={cluster.kubeconfig}")
    print(f"# reach it by `ip netns exec {layout.fabric} COMMAND`, or `hack/realcluster kubectl`")
    return 0


def _smoke(arguments: argparse.Namespace) -> int:
    started = time.monotonic()
    with openings.fresh(arguments) as cluster:
        smokes.run(cluster)
    left = leftovers.remains(arguments.name)
    if left:
        raise smokes.Failed(f"down left {', '.join(left)}")
    progress.say(f"passed in {time.monotonic() - started:.1f} s")
    return 0


def _status(arguments: argparse.Namespace) -> int:
    state = leftovers.state_of(arguments.name)
    for process in processes.read_record(state):
        told = "running" if processes.is_alive(process) else "ended"
        print(f"{process.name}\t{process.pid}\t{told}")
    for name in namespaces.of_cluster(arguments.name):
        print(f"network namespace\t{name}")
    cluster = clusters.attached(arguments.name)
    for node in cluster.client.list("nodes"):
        told = "ready" if nodes.is_ready(node) else "not ready"
        print(f"node\t{node['metadata']['name']}\t{told}")
    limits = fabrics.bandwidths(cluster.layout)
    for rack, link in cluster.interface_bytes().items():
        limit = limits[rack]
        rate = "no limit" if limit is None else f"{limit / 1e6:g} Mbit/s"
        print(f"rack {rack}\t{link.out_of_rack} bytes out\t{link.into_rack} bytes in\t{rate}")
    print(f"kubeconfig\t{cluster.kubeconfig}")
    print(f"reach it by\tip netns exec {cluster.layout.fabric} COMMAND")
    return 0


def _shape(arguments: argparse.Namespace) -> int:
    clusters.attached(arguments.name).shape(_rate(arguments))
    return 0


def _kubectl(arguments: argparse.Namespace) -> int:
    command = clusters.attached(arguments.name).kubectl_command(
        # Options that come first are not ours; argparse leaves them out of the rest.
        *(*arguments.options, *arguments.rest)
    )
    return subprocess.run(command, check=False).returncode


def _down(arguments: argparse.Namespace) -> int:
    if not leftovers.is_left(arguments.name):
        progress.say("nothing is there")
        return 0
    started = time.monotonic()
    left = leftovers.take_down(arguments.name)
    progress.say(
        f"ended {left.processes} processes, removed {left.namespaces} network namespaces, "
        f"{time.monotonic() - started:.1f} s"
    )
    return 0
