"""`shorthaul collector`: takes NetFlow v5, v9 and IPFIX and hands the records on."""

from typing import Any

import click

from shorthaul.cli import logs
from shorthaul.errors import BadInput
from shorthaul.telemetry.collectors.settings import CollectorSettings

PORT = click.IntRange(0, 65_535)
DEFAULTS = CollectorSettings()


@click.command(
    "collector",
    short_help="Take flows from NetFlow and IPFIX exporters.",
    epilog="\b\nExamples:\n"
    "  shorthaul collector --allow 10.0.0.0/8 --out -\n"
    "  shorthaul collector --address 127.0.0.1 --udp-port 2055 --tcp-port 0",
)
@click.option(
    "--address",
    default=DEFAULTS.address,
    show_default=True,
    help="address that all ports listen on",
)
@click.option(
    "--udp-port",
    "udp_ports",
    type=PORT,
    multiple=True,
    default=DEFAULTS.udp_ports,
    show_default=True,
    help="UDP port for NetFlow v5, v9 and IPFIX; may be given several times",
)
@click.option(
    "--tcp-port",
    type=PORT,
    default=DEFAULTS.tcp_port,
    show_default=True,
    help="TCP port for IPFIX, 0 for none",
)
@click.option(
    "--allow",
    "networks",
    multiple=True,
    metavar="NETWORK",
    help="network whose exporters are heard, as 10.0.0.0/8; may be given several times; all "
    "without it",
)
@click.option(
    "--receive-buffer-bytes",
    type=click.IntRange(4_096, 1 << 30),
    default=DEFAULTS.receive_buffer_bytes,
    show_default=True,
    help="receive buffer asked for each UDP socket",
)
@click.option(
    "--flush-seconds",
    type=click.FloatRange(0.05, 60),
    default=DEFAULTS.flush_seconds,
    show_default=True,
    help="longest time that records wait before they are handed on",
)
@click.option(
    "--template-seconds",
    type=click.FloatRange(10, 604_800),
    default=DEFAULTS.template_seconds,
    show_default=True,
    help="how long a template lives that is not sent again; three times the exporters' refresh",
)
@click.option(
    "--metrics-port",
    type=PORT,
    default=9091,
    show_default=True,
    help="port of /metrics, 0 for none",
)
@click.option(
    "--out", metavar="FILE", help="append each record as a line of JSON; - for standard output"
)
@logs.options
def command(
    metrics_port: int, out: str | None, log_format: str, log_level: str, **given: Any
) -> int:
    """Listen for NetFlow v5, v9 and IPFIX, and hand decoded flow records on.

    It needs no rights in any cluster and keeps nothing on disk but --out. UDP senders can be
    forged: name your exporters' networks with --allow. It stops at SIGTERM, with all datagrams
    that had arrived handed on.
    """
    logs.start(log_format, log_level)
    import asyncio

    from shorthaul.telemetry.collectors import expositions, sinks
    from shorthaul.telemetry.collectors.collectors import Collector

    settings = CollectorSettings(**given)
    collector = Collector(settings, sinks.Lines(out) if out else sinks.Nowhere())
    if metrics_port:
        try:
            expositions.serve(collector.exposition, metrics_port, settings.address)
        except OSError as error:
            raise BadInput(
                f"cannot listen on {settings.address} port {metrics_port}: {error.strerror}; "
                "give another --metrics-port"
            ) from None
    asyncio.run(collector.run())
    return 0
