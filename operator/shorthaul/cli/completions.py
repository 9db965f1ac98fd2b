"""`shorthaul completion`: prints the script that teaches a shell to complete our commands."""

import click
from click.shell_completion import get_completion_class

from shorthaul.cli import outputs
from shorthaul.cli.many_values import Command

NAME = "shorthaul"
VARIABLE = "_SHORTHAUL_COMPLETE"


@click.command(
    "completion",
    cls=Command,
    epilog="\b\nExamples:\n"
    "  source <(shorthaul completion bash)\n"
    "  shorthaul completion zsh > ~/.zfunc/_shorthaul\n"
    "  shorthaul completion fish > ~/.config/fish/completions/shorthaul.fish",
)
@click.argument("shell", type=click.Choice(["bash", "zsh", "fish"]))
@click.pass_context
def command(ctx: click.Context, shell: str) -> None:
    """Print the completion script of a shell."""
    completion = get_completion_class(shell)
    if completion is None:
        raise click.UsageError(f"no completion for {shell}")
    outputs.write(completion(ctx.find_root().command, {}, NAME, VARIABLE).source(), None)
