"""`shorthaul sentinel`: tells whether an exporter beside it still sends."""

from typing import Any

import click

from shorthaul.cli import logs
from shorthaul.cli.setting_options import setting
from shorthaul.telemetry.exporters.sentinels import DEFAULT_ADDRESS, DEFAULT_PORT
from shorthaul.telemetry.exporters.sockets import Transport

_PORT = click.IntRange(1, 65_535)


@click.command(
    "sentinel",
    epilog="\b\nExamples:\n"
    "  shorthaul sentinel --target-port 4739\n"
    "  shorthaul sentinel --transport tcp --target-port 4740 --port 8700",
)
@click.option(
    "--target-port", type=_PORT, required=True, help="port of the collector that flows are sent to"
)
@click.option(
    "--transport",
    type=click.Choice([each.value for each in Transport]),
    default=Transport.UDP.value,
    show_default=True,
    help="what flows are sent over",
)
@setting("address", DEFAULT_ADDRESS, "address that is answered on")
@setting("port", DEFAULT_PORT, "port that is answered on over HTTP", _PORT)
@logs.options
def command(log_format: str, log_level: str, transport: str, **given: Any) -> int:
    """Answer 200 while an exporter has its socket to a collector, and 503 once it has none.

    For a liveness probe of an exporter that goes on without its socket, and never sends again. Both
    have to be on one network, and nothing else there may send to the same port. A socket that was
    never seen is not taken for gone. It needs no rights, and stops at SIGTERM.
    """
    logs.start(log_format, log_level)
    from shorthaul.telemetry.exporters.sentinels import Sentinel, Settings

    Sentinel(Settings(transport=Transport(transport), **given)).run()
    return 0
