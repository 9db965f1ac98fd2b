"""`shorthaul collector`: takes NetFlow v5, v9 and IPFIX and hands the records on."""

import contextlib
import logging
from typing import TYPE_CHECKING, Any

import click

from shorthaul.cli import logs
from shorthaul.cli.setting_options import setting
from shorthaul.errors import BadInput
from shorthaul.telemetry.collectors.settings import CollectorSettings, PeerSettings, SpoolRules

if TYPE_CHECKING:
    from shorthaul.telemetry.collectors.collectors import Collector

_LOG = logging.getLogger(__name__)
PORT = click.IntRange(0, 65_535)
DEFAULTS = CollectorSettings()
SPOOL, PEERS = SpoolRules(), PeerSettings()
SPOOLING = ("spool", "serve_port", "serve_tls", "window_seconds", "spool_bytes")


@click.command(
    "collector",
    epilog="\b\nExamples:\n"
    "  shorthaul collector --allow 10.0.0.0/8 --out -\n"
    "  shorthaul collector --allow 10.0.0.0/8 --spool /var/lib/shorthaul\n"
    "  shorthaul collector --spool /var/lib/shorthaul --peer collectors.example:9996\n"
    "  shorthaul collector --address 127.0.0.1 --udp-port 2055 --tcp-port 0",
)
@setting("address", DEFAULTS.address, "address that all ports listen on")
@click.option(
    "--udp-port",
    "udp_ports",
    type=PORT,
    multiple=True,
    default=DEFAULTS.udp_ports,
    show_default=True,
    help="UDP port for NetFlow v5, v9 and IPFIX; may be given several times",
)
@setting("tcp_port", DEFAULTS.tcp_port, "TCP port for IPFIX, 0 for none", PORT)
@click.option(
    "--allow",
    "networks",
    multiple=True,
    metavar="NETWORK",
    help="network whose exporters are heard, as 10.0.0.0/8; may be given several times; all "
    "without it",
)
@setting(
    "receive_buffer_bytes",
    DEFAULTS.receive_buffer_bytes,
    "receive buffer asked for each UDP socket",
    click.IntRange(4_096, 1 << 30),
)
@setting(
    "flush_seconds",
    DEFAULTS.flush_seconds,
    "longest time that records wait before they are handed on",
    click.FloatRange(0.05, 60),
)
@setting(
    "template_seconds",
    DEFAULTS.template_seconds,
    "how long a template lives that is not sent again; three times the exporters' refresh",
    click.FloatRange(10, 604_800),
)
@setting("metrics_port", 9091, "port of /metrics, 0 for none", PORT)
@click.option(
    "--out", metavar="FILE", help="append each record as a line of JSON; - for standard output"
)
@click.option(
    "--spool",
    metavar="FOLDER",
    help="keep records in windows there and serve them to operators; not together with --out",
)
@setting(
    "serve_port",
    9_995,
    "port that the windows of --spool are served on over HTTP; 0 is any free one",
    PORT,
)
@click.option(
    "--serve-tls",
    metavar="FOLDER",
    default="",
    help="serve with TLS: a folder with tls.crt and tls.key, and with ca.crt where readers have to "
    "show a certificate that it signed",
)
@setting(
    "window_seconds",
    SPOOL.window_seconds,
    "length of the windows of --spool; the operator's, or a part of it",
    click.IntRange(1, 3_600),
)
@setting(
    "spool_bytes",
    SPOOL.kept_bytes,
    "most that --spool keeps; the oldest windows go",
    click.IntRange(1 << 16, 1 << 44),
)
@click.option(
    "--peer",
    "peers",
    multiple=True,
    metavar="HOST:PORT",
    callback=lambda context, option, given: tuple(map(_place, given)),
    help="collectors that share exporters with this one: every address of the host's name, at "
    "their --peer-port; may be given several times",
)
@click.option(
    "--peer-port",
    type=PORT,
    default=PEERS.port,
    show_default=True,
    callback=lambda context, option, given: _findable(given),
    help="port that other collectors hand datagrams on to",
)
@setting("peer_name", PEERS.name, "who this collector is among them; the host's name when empty")
@click.option(
    "--peer-tls",
    metavar="FOLDER",
    default=PEERS.tls_folder,
    help="hand on by mutual TLS only: a folder with ca.crt, tls.crt and tls.key, whose certificate "
    "is for the host that --peer names",
)
@setting(
    "peer_renew_seconds",
    PEERS.renew_seconds,
    "for how long connections that began before the files of --peer-tls changed stand at most",
    click.IntRange(1, 3_600),
)
@logs.options
def command(
    metrics_port: int, out: str | None, log_format: str, log_level: str, **given: Any
) -> int:
    """Listen for NetFlow v5, v9 and IPFIX, and hand decoded flow records on.

    It needs no rights in any cluster and keeps nothing on disk but --out or --spool. UDP senders
    can be forged: name your exporters' networks with --allow. With --peer several collectors share
    the exporters: each datagram goes on to the one that should have it. It stops at SIGTERM, with
    all datagrams that had arrived handed on, and in error when the disk takes no more.
    """
    logs.start(log_format, log_level)
    import asyncio

    from shorthaul.telemetry.collectors import sinks
    from shorthaul.telemetry.collectors.collectors import Collector

    spooling = {name: given.pop(name) for name in SPOOLING}
    peers = PeerSettings(
        given.pop("peers"),
        given.pop("peer_port"),
        given.pop("peer_name"),
        given.pop("peer_tls"),
        given.pop("peer_renew_seconds"),
    )
    settings = CollectorSettings(**given)
    sharing = peers if peers.places else None
    if spooling["spool"] and out:
        raise BadInput("--spool and --out exclude each other; give one of them")
    with contextlib.ExitStack() as stack:
        if spooling["spool"]:
            collector = _spooling(settings, sharing, stack, **spooling)
        else:
            sink = sinks.Lines(out) if out else sinks.Nowhere()
            collector = Collector(settings, sink, peers=sharing)
        _serve_metrics(collector, settings.address, metrics_port)
        asyncio.run(collector.run())
    return 0


def _place(text: str) -> str:
    """A host and a port, as they were given."""
    host, _, port = text.rpartition(":")
    if not host or not port.isdecimal() or not 0 < int(port) < 65_536:
        raise BadInput(f"--peer {text!r} is no HOST:PORT; give one like collectors.example:9996")
    return text


def _findable(port: int) -> int:
    """A port that others can be told beforehand."""
    if not port:
        raise BadInput("--peer-port 0 is any free port, which no peer finds; give it a number")
    return port


def _spooling(
    settings: CollectorSettings,
    peers: PeerSettings | None,
    stack: contextlib.ExitStack,
    **given: Any,
) -> "Collector":
    """A collector whose records go to a spool, which is served as long as the stack stands."""
    from shorthaul.telemetry.collectors.collectors import Collector
    from shorthaul.telemetry.collectors.spool_servers import SpoolServer
    from shorthaul.telemetry.collectors.spools import Spool

    rules = SpoolRules(given["window_seconds"], given["spool_bytes"])
    spool = stack.enter_context(Spool(given["spool"], rules))
    server = SpoolServer(spool, settings.address, given["serve_port"], given["serve_tls"])
    stack.enter_context(server)
    _LOG.info("collector %s serves windows on port %s", spool.identity, server.port)
    collector = Collector(settings, spool, spool.turn, peers)
    collector.exposition.spool = spool
    return collector


def _serve_metrics(collector: "Collector", address: str, port: int) -> None:
    from shorthaul.telemetry.collectors import expositions

    if not port:
        return
    try:
        expositions.serve(collector.exposition, port, address)
    except OSError as error:
        raise BadInput(
            f"cannot listen on {address} port {port}: {error.strerror}; give another --metrics-port"
        ) from None
