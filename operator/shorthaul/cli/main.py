"""The command `shorthaul`: its subcommands, and how it ends.

Exit status: 0 done, 1 any error (wrong usage too) told in one line on standard error, 2 with
--detailed-exitcode when there are moves worth making, 130 when interrupted. An error that is not
ours to explain is a bug and keeps its traceback. Subcommands are imported when they are used, so
that --help and completion are quick.
"""

import importlib
import logging
import sys
from collections.abc import Mapping, Sequence

import click

from shorthaul.cli import outputs, versions
from shorthaul.errors import BadInput

NAME = "shorthaul"
INTERRUPTED = 130

COMMANDS: Mapping[str, str] = {
    "plan": "shorthaul.cli.plans",
    "score": "shorthaul.cli.scores",
    "map": "shorthaul.cli.maps",
    "explain": "shorthaul.cli.explanations",
    "frontier": "shorthaul.cli.frontiers",
    "ledger": "shorthaul.cli.ledgers",
    "record": "shorthaul.cli.records",
    "operator": "shorthaul.cli.operators",
    "collector": "shorthaul.cli.collectors",
    "completion": "shorthaul.cli.completions",
}


class Commands(click.Group):
    """Subcommands that are imported when they are asked for."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """In the order in which a newcomer meets them."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Imports the module of a command; each has one value named `command`."""
        if cmd_name not in COMMANDS:
            return None
        command: click.Command = importlib.import_module(COMMANDS[cmd_name]).command
        return command


@click.group(
    NAME,
    cls=Commands,
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
