"""`shorthaul record`: traffic that Prometheus or the collector's records tell of, as an edge list.

This module reads Prometheus; `netflow_records` reads records.
"""

import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import click
from click.core import ParameterSource

from shorthaul.cli import inputs, netflow_records, options, outputs, progress
from shorthaul.cli.many_values import Command, ManyValues
from shorthaul.cluster.directories import directory_of
from shorthaul.errors import BadInput
from shorthaul.telemetry import edge_rows
from shorthaul.telemetry.prometheus import readers
from shorthaul.telemetry.prometheus.ends import Names
from shorthaul.telemetry.prometheus.measurements import Measurement
from shorthaul.telemetry.prometheus.outsides import outsides_of
from shorthaul.telemetry.prometheus.profiles import (
    Counted,
    Profile,
    builtin,
    narrowed,
    read_profile,
)
from shorthaul.telemetry.timestamps import nanoseconds
from shorthaul.traffic.flows import NANOSECONDS
from shorthaul.units import Unit

_NO_CLIENT = (
    "reading Prometheus needs prometheus-api-client; install shorthaul with the extra prometheus"
)
_LONGEST_SECONDS = 366 * 86_400
_FOR_PROMETHEUS = (
    ("profile", "--profile"),
    ("seconds", "--seconds"),
    ("step", "--step"),
    ("until", "--until"),
    ("as_flows", "--as-flows"),
    ("where", "--where"),
    ("token_file", "--token-file"),
    ("tls_folder", "--tls"),
)
_FOR_NETFLOW = (("longest_flow", "--longest-flow"),)


@dataclass(frozen=True, slots=True)
class Asked:
    """What was asked for."""

    url: str | None
    netflow: tuple[str, ...]
    profile: str | None
    seconds: int
    step: int
    until: str | None
    sampling: float | None
    longest_flow: int
    as_flows: bool
    where: tuple[str, ...]
    cluster: tuple[str, ...]
    topology: str | None
    token_file: str | None
    tls_folder: str | None
    form: str
    out: str | None


@click.command(
    "record",
    cls=Command,
    epilog="\b\nExamples:\n"
    "  shorthaul record --prometheus http://localhost:9090 --profile netobserv --out edges.csv\n"
    "  shorthaul record --prometheus https://thanos.example --profile istio --cluster live \\\n"
    "    --seconds 86400 --step 900 --token-file token --tls tls --out edges.csv\n"
    "  shorthaul record --netflow records.jsonl --cluster live --out edges.csv\n"
    "  shorthaul plan --cluster live --flows edges.csv",
)
@options.together(
    click.option(
        "--prometheus",
        "url",
        metavar="URL",
        help="Address of Prometheus, Thanos, Mimir or VictoriaMetrics, with the path before /api.",
    ),
    click.option(
        "--netflow",
        cls=ManyValues,
        multiple=True,
        type=click.Path(),
        metavar="FILE",
        callback=options.files,
        help="Files or folders of records that shorthaul collector wrote, plain or .gz; "
        "in place of --prometheus, and with --cluster.",
    ),
    click.option(
        "--profile",
        metavar="NAME|FILE",
        help="Which project's metrics: netobserv, obi, beyla, istio, linkerd, retina, coroot, "
        "kubeskoop, hubble and more, or a YAML file with a profile of your own.",
    ),
    click.option(
        "--seconds",
        type=click.IntRange(1, _LONGEST_SECONDS),
        default=3600,
        show_default=True,
        metavar="N",
        help="How much time to read, up to --until.",
    ),
    click.option(
        "--step",
        type=click.IntRange(min=1),
        default=300,
        show_default=True,
        metavar="SECONDS",
        help="How much of it one query reads; several scrapes should fit in.",
    ),
    click.option(
        "--until", metavar="TIME", help="End of it as 2026-01-31T12:00:00Z; without it, now."
    ),
    click.option(
        "--sampling",
        type=click.FloatRange(1, 1e9),
        metavar="N",
        help="One of how many packets or flows is counted, where no metric or record tells; "
        "1 for all.",
    ),
    click.option(
        "--longest-flow",
        type=click.IntRange(1, _LONGEST_SECONDS),
        default=1800,
        show_default=True,
        metavar="SECONDS",
        help="The longest that exporters hold a flow back (their active timeout), for records "
        "that tell no time.",
    ),
    click.option(
        "--as-flows",
        is_flag=True,
        help="Write requests as flows/s, for the objectives latency and flows.",
    ),
    click.option(
        "--where",
        multiple=True,
        metavar="LABEL=VALUE",
        help="Only series with this label, such as cluster=prod where several clusters are kept; "
        "may be repeated.",
    ),
    options.cluster(required=False),
    click.option(
        "--topology",
        type=click.Path(),
        metavar="PATH",
        help="A Topology object that names places outside (anchors), whose traffic then has edges "
        "too.",
    ),
    click.option(
        "--token-file",
        type=click.Path(),
        metavar="FILE",
        help="A file with a bearer token, read anew for each query; with https only.",
    ),
    click.option(
        "--tls",
        "tls_folder",
        type=click.Path(),
        metavar="FOLDER",
        help="A folder with ca.crt and, for mutual TLS, tls.crt and tls.key.",
    ),
    options.output("csv", "json"),
    options.out,
)
@click.pass_context
def command(context: click.Context, /, **given: Any) -> None:
    """Write an edge list of the traffic that metrics in Prometheus or NetFlow records tell of.

    Only one reporter of each edge or connection counts, nothing is extrapolated unless a counter
    was reset, and what names no workload is told with its share. --cluster looks up kinds and
    addresses that the labels leave out, and whose the addresses of records are.
    """
    asked = Asked(**given)
    _require_one_origin(asked, context)
    outputs.require_writable(asked.out)
    unit, notes, rates = _from_prometheus(asked) if asked.url is not None else _from_netflow(asked)
    for note in notes:
        outputs.tell(note)
    write = edge_rows.json_text if asked.form == "json" else edge_rows.csv_text
    outputs.write(write(rates, unit), asked.out)


_Found = tuple[Unit, Iterator[str], list[edge_rows.Rate]]


def _require_one_origin(asked: Asked, context: click.Context) -> None:
    """Refuses two origins, none, and options that the one given would pass over."""
    if asked.url is not None and asked.netflow:
        raise BadInput("--prometheus and --netflow exclude each other; give one of them")
    if asked.url is None and not asked.netflow:
        raise BadInput("nothing to record from; give --prometheus URL or --netflow FILE")
    others = _FOR_PROMETHEUS if asked.netflow else _FOR_NETFLOW
    for name, option in others:
        if context.get_parameter_source(name) is ParameterSource.COMMANDLINE:
            origin = "--prometheus" if asked.netflow else "--netflow"
            raise BadInput(f"{option} is for {origin} only; leave it out")


def _from_netflow(asked: Asked) -> _Found:
    question = netflow_records.Asked(
        asked.netflow, asked.cluster, asked.longest_flow, asked.sampling, asked.topology
    )
    with progress.shown() as show:
        found = netflow_records.read(question, show)
    return Unit.BYTES, netflow_records.notes_of(found), netflow_records.rates_of(found)


def _from_prometheus(asked: Asked) -> _Found:
    if asked.profile is None:
        raise BadInput("--prometheus needs --profile, which tells whose metrics they are; give it")
    profile = narrowed(_profile(asked.profile), asked.where)
    unit = _unit(profile.unit, asked.as_flows)
    stretch = _stretch(asked)
    with progress.shown() as show:
        found = _read(asked, asked.url or "", profile, stretch, show)
    rates = [(source, to, amount / found.seconds) for source, to, amount in found.pairs]
    return unit, notes_of(found), rates


def notes_of(found: Measurement) -> Iterator[str]:
    """What the reader of a measurement should know, a line each."""
    whole = found.amount + found.unattributed_amount
    yield (
        f"{len(found.pairs):,} edges, {found.amount:,.0f} {found.unit} in {found.seconds:,} s, "
        f"by {found.queries:,} queries"
    )
    if found.seconds < found.asked_seconds:
        silent = found.asked_seconds - found.seconds
        yield f"{silent:,} of {found.asked_seconds:,} s have no series; rates are over the others"
    for each in sorted(found.unattributed, key=lambda each: -each.amount):
        share = each.amount / whole if whole else 0.0
        yield f"unattributed: {each.amount:,.0f} {found.unit} ({share:.1%}): {each.reason}"
    for reason, rows in found.refused.items():
        yield f"refused: {rows:,} values: {reason}"
    for warning in found.warnings:
        yield f"the server warns: {warning}"


def _profile(name: str) -> Profile:
    if not name.endswith((".yaml", ".yml")):
        return builtin().profile(name)
    try:
        return read_profile(Path(name).read_bytes(), name)
    except OSError as error:
        raise BadInput(f"{name}: cannot be read ({error.strerror}); give a profile") from error


def _unit(counted: Counted, as_flows: bool) -> Unit:
    match counted:
        case Counted.BYTES:
            return Unit.BYTES
        case Counted.FLOWS:
            return Unit.FLOWS
        case Counted.REQUESTS if as_flows:
            return Unit.FLOWS
        case Counted.REQUESTS:
            raise BadInput("the profile counts requests; --as-flows writes them as flows/s")
    raise BadInput(f"the profile counts {counted}, which no plan is made from; take its bytes")


def _stretch(asked: Asked) -> readers.Stretch:
    if asked.until is None:
        end = int(time.time())
    else:
        told = nanoseconds(asked.until)
        if told is None:
            raise BadInput(f"--until {asked.until!r} is no time such as 2026-01-31T12:00:00Z")
        end = told // NANOSECONDS
    return readers.Stretch(end - asked.seconds, end, asked.step)


def _read(
    asked: Asked, url: str, profile: Profile, stretch: readers.Stretch, show: progress.Progress
) -> Measurement:
    try:
        from shorthaul.telemetry.prometheus.clients import Engine, Server
    except ImportError as error:
        raise BadInput(_NO_CLIENT) from error
    engine = Engine(Server(url, asked.token_file or "", asked.tls_folder or ""))
    places = inputs.read_network(asked.topology).places
    snapshot = None
    if asked.cluster:
        show.begin("reading the cluster")
        snapshot = inputs.read_cluster(asked.cluster)
    show.begin("asking Prometheus")
    directory = directory_of(snapshot) if snapshot is not None else None
    names = Names(directory, profile.nobody, outsides_of(places, snapshot))
    try:
        return readers.read_traffic(engine.ask, profile, names, stretch, sampling=asked.sampling)
    finally:
        engine.close()
