"""The command `shorthaul`: its subcommands, and how it ends.

Exit status: 0 done, 1 any error (wrong usage too) told in one line on standard error, 2 with
--detailed-exitcode when there are moves worth making, 130 when interrupted. An error that is not
ours to explain is a bug and keeps its traceback. Subcommands are imported when they are used, so
that --help and completion are quick.
"""

import logging
import sys
from collections.abc import Mapping, Sequence

import click

from shorthaul.cli import outputs, versions
from shorthaul.cli.late_commands import Late, LateCommands
from shorthaul.errors import BadInput

NAME = "shorthaul"
INTERRUPTED = 130

COMMANDS: Mapping[str, Late] = {
    "plan": ("shorthaul.cli.plans:command", "Plan which pods to move where."),
    "score": ("shorthaul.cli.scores:command", "Score a placement, now and after a plan."),
    "map": ("shorthaul.cli.maps:command", "Show who talks to whom, and how much."),
    "explain": ("shorthaul.cli.explanations:command", "Explain why a pod moves or stays."),
    "frontier": (
        "shorthaul.cli.frontiers:command",
        "Show the best gain for at most so many moves, and the knee.",
    ),
    "ledger": (
        "shorthaul.cli.ledgers:command",
        "Keep and report exact traffic counts by workload, tier and hour.",
    ),
    "record": (
        "shorthaul.cli.records:command",
        "Write an edge list of what Prometheus or NetFlow records tell.",
    ),
    "operator": ("shorthaul.cli.operators:command", "Run the operator in or for a cluster."),
    "collector": (
        "shorthaul.cli.collectors:command",
        "Take flows from NetFlow and IPFIX exporters.",
    ),
    "prober": ("shorthaul.cli.probers:command", "Measure latency between nodes."),
    "sentinel": (
        "shorthaul.cli.sentinels:command",
        "Tell whether an exporter beside it still sends.",
    ),
    "completion": (
        "shorthaul.cli.completions:command",
        "Print the completion script of a shell.",
    ),
}
"""In the order in which a newcomer meets them."""


@click.group(
    NAME,
    cls=LateCommands,
    late=COMMANDS,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
    invoke_without_command=True,
    epilog="Run `shorthaul COMMAND --help` for the options and examples of one command.",
)
@click.version_option(versions.own(), prog_name=NAME, message="%(prog)s %(version)s")
@click.pass_context
def group(ctx: click.Context) -> None:
    """Route the node, not the packet: place pods where their traffic travels least.

    Give it what kubectl prints and a Hubble export, and it tells which pods to move where, what
    that gains, and why the others stay. Only `operator` ever changes anything in a cluster.
    """
    if ctx.invoked_subcommand is None:
        click.echo(ctx.get_help())


def main(words: Sequence[str] | None = None) -> None:
    """Runs the command line and ends the process."""
    sys.exit(run(words))


def run(words: Sequence[str] | None = None) -> int:
    """Runs the command line; gives the exit status."""
    arguments = list(sys.argv[1:] if words is None else words)
    # Libraries may not write beside our one line; `operator` sets up its own logging.
    logging.getLogger().addHandler(logging.NullHandler())
    try:
        status = group.main(arguments, prog_name=NAME, standalone_mode=False)
    except click.UsageError as error:
        return _fail(f"{error.format_message().rstrip('.')}; see `{_help_of(error)}`")
    except click.ClickException as error:
        return _fail(error.format_message())
    except BadInput as error:
        return _fail(str(error))
    except (KeyboardInterrupt, click.Abort) as error:
        # click hands on an interrupt as the cause of its own error.
        _fail(str(error.__cause__ or error) or "interrupted; nothing was written")
        return INTERRUPTED
    return status if isinstance(status, int) else 0


def _help_of(error: click.UsageError) -> str:
    return f"{error.ctx.command_path if error.ctx else NAME} --help"


def _fail(message: str) -> int:
    outputs.tell(message)
    return 1
