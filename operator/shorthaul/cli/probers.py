"""`shorthaul prober`: measures latency to the probers of other nodes."""

from typing import Any

import click

from shorthaul.cli import logs
from shorthaul.cli.setting_options import setting
from shorthaul.telemetry.probes.settings import ProberSettings

DEFAULTS = ProberSettings()
_PORT = click.IntRange(0, 65_535)


@click.command(
    "prober",
    epilog="\b\nExamples:\n"
    "  shorthaul prober --peer shorthaul-prober.shorthaul-system.svc\n"
    "  shorthaul prober --peer 10.0.0.2 --peer 10.0.0.3 --round-seconds 5",
)
@click.option(
    "--peer",
    "peers",
    multiple=True,
    required=True,
    metavar="HOST[:PORT]",
    help="whom to probe: a name, all addresses of which count and are looked up in each round, or "
    "an address; may be given several times",
)
@click.option("--node", default="", help="name of this node in the report")
@setting(
    "address",
    DEFAULTS.address,
    "address that both ports listen on; unless it is 0.0.0.0 or ::, probes are sent from it",
)
@setting(
    "port",
    DEFAULTS.port,
    "TCP port that is probed, here and at peers without one of their own",
    _PORT,
)
@setting("report_port", DEFAULTS.report_port, "port of /probes (JSON) and /metrics", _PORT)
@setting("round_seconds", DEFAULTS.round_seconds, "length of a round", click.FloatRange(0.1, 3_600))
@setting(
    "peers_per_round",
    DEFAULTS.peers_per_round,
    "how many peers are probed in a round, each in turn",
    click.IntRange(1, 1_000),
)
@setting(
    "probes_per_peer",
    DEFAULTS.probes_per_peer,
    "how often each of them is probed in a round",
    click.IntRange(1, 100),
)
@setting(
    "timeout_seconds",
    DEFAULTS.timeout_seconds,
    "after which a probe is a loss; from 1 on, a lost SYN that was sent again counts as latency",
    click.FloatRange(0.01, 60),
)
@setting(
    "kept_seconds",
    DEFAULTS.kept_seconds,
    "how long a probe counts; at most the last 64 of each peer do",
    click.FloatRange(1, 86_400),
)
@logs.options
def command(log_format: str, log_level: str, **given: Any) -> int:
    """Connect to other nodes' probers by TCP, and tell how long it took.

    Run one on each node. It answers probes, sends as many as the settings say however many nodes
    there are, and holds no rights in any cluster. /probes has the last results per peer, /metrics
    counts of all of them. It stops at SIGTERM.
    """
    settings = ProberSettings(**given)
    logs.start(log_format, log_level)
    import asyncio
    from random import SystemRandom

    from shorthaul.telemetry.probes.probers import Prober

    asyncio.run(Prober(settings, SystemRandom()).run())
    return 0
