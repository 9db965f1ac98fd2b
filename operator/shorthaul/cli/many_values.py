"""Options that take several values in a row: `--flows a.json b.json`, and repeated ones as well.

click has no such options, so the values are spread into repeated options before click sees them:
what follows such an option belongs to it up to the next word that begins with a dash. For a
command with an argument (`explain POD`) the last value is taken for it when nothing else can be
and no file has that name. It assumes that no path begins with a dash; `./-x` is always possible.
"""

import os
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field

import click
from click.shell_completion import CompletionItem


class ManyValues(click.Option):
    """An option with one or more values each time it is given."""

    def make_metavar(self, ctx: click.Context) -> str:
        """Shows that it takes several values."""
        return f"{super().make_metavar(ctx)}…"


class Command(click.Command):
    """A command whose `ManyValues` options take several values in a row."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Spreads the values before click parses them."""
        options = [parameter for parameter in self.params if isinstance(parameter, click.Option)]
        many = _names(option for option in options if isinstance(option, ManyValues))
        valued = _names(option for option in options if not option.is_flag)
        runs = _runs(args, many, valued)
        if any(isinstance(parameter, click.Argument) for parameter in self.params):
            _free_the_argument(runs)
        if not ctx.resilient_parsing:
            _require_values(runs)
        return super().parse_args(ctx, [word for run in runs for word in run.spread()])

    def shell_complete(self, ctx: click.Context, incomplete: str) -> list[CompletionItem]:
        """Offers files where no option is begun: they go to the option before."""
        return super().shell_complete(ctx, incomplete) or [CompletionItem(incomplete, type="file")]


@dataclass(slots=True)
class _Run:
    """Words that belong together: those of one many-valued option, or ("") words as they came."""

    option: str
    words: list[str] = field(default_factory=list)

    def spread(self) -> list[str]:
        """The words as click understands them."""
        if not self.option:
            return self.words
        return [word for value in self.words for word in (self.option, value)]


def _names(options: Iterable[click.Option]) -> frozenset[str]:
    return frozenset(name for option in options for name in (*option.opts, *option.secondary_opts))


def _runs(words: Sequence[str], many: Collection[str], valued: Collection[str]) -> list[_Run]:
    runs = [_Run("")]
    value_next = False
    for index, word in enumerate(words):
        if word == "--":
            return [*runs, _Run("", list(words[index:]))]
        name, equals, value = word.partition("=")
        if value_next or not word.startswith("-") or word == "-":
            runs[-1].words.append(word)
            runs += [_Run("")] if value_next else []
            value_next = False
        elif name in many:
            runs.append(_Run(name, [value] if equals else []))
        else:
            runs.append(_Run("", [word]))
            value_next = not equals and word in valued
            runs += [] if value_next else [_Run("")]
    return runs


def _is_loose(run: _Run) -> bool:
    if run.option or not run.words:
        return False
    return run.words[0] in ("-", "--") or not run.words[0].startswith("-")


def _require_values(runs: Sequence[_Run]) -> None:
    for run in runs:
        if run.option and not run.words:
            raise click.UsageError(f"option {run.option} needs at least one value after it")


def _free_the_argument(runs: list[_Run]) -> None:
    if any(_is_loose(run) for run in runs):
        return
    for run in reversed(runs):
        if run.option and len(run.words) > 1 and not os.path.exists(run.words[-1]):
            runs.append(_Run("", ["--", run.words.pop()]))
            return
