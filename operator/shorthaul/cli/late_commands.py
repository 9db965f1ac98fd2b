"""A group whose subcommands are imported when they are run, or asked for their own help.

What `--help` and completion say of each of them is written beside its name: to ask the commands
would be to import everything that any of them needs.
"""

import pkgutil
from collections.abc import Mapping
from typing import Any

import click
from click.shell_completion import CompletionItem

Late = tuple[str, str]
"""Where a command is (module:value), and its line of help."""


class LateCommands(click.Group):
    """Subcommands by their names, in the order in which they are shown."""

    def __init__(self, *words: Any, late: Mapping[str, Late], **given: Any) -> None:
        """Stores which there are."""
        super().__init__(*words, **given)
        self._late = late

    def list_commands(self, ctx: click.Context) -> list[str]:
        """In the order of the mapping."""
        return list(self._late)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Imports the module of a command."""
        if cmd_name not in self._late:
            return None
        command: click.Command = pkgutil.resolve_name(self._late[cmd_name][0])
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Names and lines, without an import."""
        with formatter.section("Commands"):
            formatter.write_dl([(name, line) for name, (_, line) in self._late.items()])

    def shell_complete(self, ctx: click.Context, incomplete: str) -> list[CompletionItem]:
        """Names that begin so, without an import; then what any command would offer."""
        begun = [
            CompletionItem(name, help=line)
            for name, (_, line) in self._late.items()
            if name.startswith(incomplete)
        ]
        return [*begun, *click.Command.shell_complete(self, ctx, incomplete)]
